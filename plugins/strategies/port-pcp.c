/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Leases by PCP (RFC 6887). */
#include "port-lease.h"

#include <errno.h>
#include <string.h>
#include <stunfwd/error.h>
#include <unistd.h>

/* A router in one's own network answers at once: sooner than section 8.1.1 has it. */
#define FIRST_WAIT_MS 250
#define MOST_SENT     3
#define MOST_REMOVALS 2

static int
open_socket(const FwdEndpoint *gateway, GError **error)
{
  FwdEndpoint server = *gateway;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  fwd_endpoint_set_port(&server, FWD_PCP_PORT);
  if (fd >= 0 && connect(fd, &server.any, fwd_endpoint_length(&server)) == 0)
    return fd;
  g_set_error(error, FWD_STRATEGY_ERROR, FWD_ERROR_FAILED, "PCP: %s", g_strerror(errno));
  if (fd >= 0)
    close(fd);
  return -1;
}

static void
fill_request(FwdPcpRequest *request, const FwdPortLease *lease)
{
  *request = (FwdPcpRequest){
      .client = lease->local,
      .protocol = lease->tcp ? IPPROTO_TCP : IPPROTO_UDP,
      .lifetime = lease->lifetime,
      .external_port = fwd_endpoint_port(lease->granted > 0 ? &lease->outside : &lease->local),
  };
  memcpy(request->nonce, lease->nonce, sizeof request->nonce);
}

/* The socket is connected: nobody but the router is heard. -1 when nothing listens there. */
static int
receive(int fd, gint64 until, const FwdPcpRequest *request, FwdPcpResponse *response)
{
  guint8 data[FWD_PCP_MESSAGE_MAX + 1];

  for (;;) {
    gssize length;
    if (!fwd_port_wait(fd, NULL, (until - g_get_monotonic_time()) / 1000))
      return 0;
    length = recv(fd, data, sizeof data, 0);
    if (length < 0 && errno == ECONNREFUSED)
      return -1;
    if (length > 0 && fwd_pcp_response_read(data, length, request, response))
      return 1;
  }
}

static gboolean
exchange(const FwdPortLease *lease, const FwdPcpRequest *request, guint most_sent,
         FwdPcpResponse *response, GError **error)
{
  guint8 data[FWD_PCP_MAP_SIZE];
  gint64 wait_ms = FIRST_WAIT_MS;
  int got = 0;
  const int fd = open_socket(&lease->gateway, error);

  if (fd < 0)
    return FALSE;
  fwd_pcp_request_write(request, data);
  for (guint i = 0; i < most_sent && got == 0; i++) {
    if (send(fd, data, sizeof data, MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED)
      break;
    got = receive(fd, g_get_monotonic_time() + wait_ms * 1000, request, response);
    wait_ms *= 2;
  }
  close(fd);
  if (got <= 0)
    g_set_error(error, FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE, "PCP: no answer");
  return got > 0;
}

static FwdErrorCode
code_of(guint8 result)
{
  switch (result) {
  case FWD_PCP_UNSUPP_VERSION:
    return FWD_ERROR_UNREACHABLE;
  case FWD_PCP_NOT_AUTHORIZED:
  case FWD_PCP_UNSUPP_OPCODE:
    return FWD_ERROR_DENIED;
  case FWD_PCP_NETWORK_FAILURE:
  case FWD_PCP_ADDRESS_MISMATCH:
    return FWD_ERROR_UNSUPPORTED;
  default:
    return FWD_ERROR_REFUSED;
  }
}

static void
remove_mapping(const FwdPortLease *lease)
{
  FwdPcpRequest request;
  FwdPcpResponse response;

  fill_request(&request, lease);
  request.lifetime = 0;
  request.external_port = 0;
  exchange(lease, &request, MOST_REMOVALS, &response, NULL);
}

static gboolean
map(FwdPortLease *lease, GCancellable *cancellable, GError **error)
{
  FwdPcpRequest request;
  FwdPcpResponse response;

  fill_request(&request, lease);
  if (!exchange(lease, &request, MOST_SENT, &response, error))
    return FALSE;
  if (response.result != FWD_PCP_SUCCESS) {
    g_set_error(error, FWD_STRATEGY_ERROR, code_of(response.result), "PCP: %s",
                fwd_pcp_result_to_string(response.result));
    return FALSE;
  }
  lease->outside = response.external;
  lease->granted = response.lifetime;
  return TRUE;
}

const FwdPortProtocol fwd_port_pcp = {.name = "PCP", .map = map, .unmap = remove_mapping};
