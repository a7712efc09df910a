/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A datagram from the router: only what answers the request and can be used is taken. */
#include "pcp-message.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  FwdPcpRequest request = {.protocol = IPPROTO_UDP,
                           .nonce = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
                           .lifetime = 3600};
  FwdPcpResponse response;

  g_assert_true(fwd_endpoint_parse("192.168.2.10:50000", &request.client, NULL));
  if (fwd_pcp_response_read(data, size, &request, &response) &&
      response.result == FWD_PCP_SUCCESS) {
    g_assert_cmpuint(size, <=, FWD_PCP_MESSAGE_MAX);
    g_assert_cmpmem(data + 24, sizeof request.nonce, request.nonce, sizeof request.nonce);
    g_assert_cmpint(fwd_endpoint_family(&response.external), ==, AF_INET);
    g_assert_cmpuint(fwd_endpoint_port(&response.external), !=, 0);
    g_assert_cmpuint(response.lifetime, >, 0);
  }
  request.lifetime = 0;
  fwd_pcp_response_read(data, size, &request, &response);
  return 0;
}
