/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pcp-message.h"

#include <string.h>

static const FwdPcpRequest *
make_request(FwdPcpRequest *request)
{
  *request = (FwdPcpRequest){.protocol = IPPROTO_UDP,
                             .nonce = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
                             .lifetime = 3600,
                             .external_port = 40000};
  g_assert_true(fwd_endpoint_parse("192.168.2.10:50000", &request->client, NULL));
  return request;
}

/* RFC 6887, figures 2 and 9, byte by byte. */
static const guint8 wire_request[FWD_PCP_MAP_SIZE] = {
    2,    1,    0,    0,    0, 0, 0x0e, 0x10, /* version, MAP, lifetime 3600 */
    0,    0,    0,    0,    0, 0, 0,    0,    0, 0,  0xff, 0xff,
    192,  168,  2,    10,                                      /* ::ffff:192.168.2.10 */
    1,    2,    3,    4,    5, 6, 7,    8,    9, 10, 11,   12, /* nonce */
    17,   0,    0,    0,                                       /* UDP */
    0xc3, 0x50, 0x9c, 0x40,                                    /* 50000, 40000 */
    0,    0,    0,    0,    0, 0, 0,    0,    0, 0,  0xff, 0xff,
    0,    0,    0,    0, /* ::ffff:0.0.0.0 */
};

/* Figures 3 and 10: mapped to 203.0.113.9:40001 for 1800 s, the server's clock at 77. */
static const guint8 wire_response[FWD_PCP_MAP_SIZE] = {
    2,    0x81, 0,    0,    0, 0, 0x07, 0x08, 0, 0, 0, 77, 0, 0,  0,    0,    0,   0, 0,   0,
    0,    0,    0,    0,    1, 2, 3,    4,    5, 6, 7, 8,  9, 10, 11,   12,   17,  0, 0,   0,
    0xc3, 0x50, 0x9c, 0x41, 0, 0, 0,    0,    0, 0, 0, 0,  0, 0,  0xff, 0xff, 203, 0, 113, 9,
};

static gboolean
read_changed(gsize at, guint8 value, FwdPcpResponse *response)
{
  FwdPcpRequest request;
  guint8 data[FWD_PCP_MAP_SIZE];

  memcpy(data, wire_response, sizeof data);
  data[at] = value;
  return fwd_pcp_response_read(data, sizeof data, make_request(&request), response);
}

static void
test_write(void)
{
  FwdPcpRequest request;
  guint8 data[FWD_PCP_MAP_SIZE];

  fwd_pcp_request_write(make_request(&request), data);
  g_assert_cmpmem(data, sizeof data, wire_request, sizeof wire_request);
}

static void
test_read(void)
{
  FwdPcpRequest request;
  FwdPcpResponse response;
  char text[FWD_ENDPOINT_TEXT_MAX];

  g_assert_true(fwd_pcp_response_read(wire_response, sizeof wire_response,
                                      make_request(&request), &response));
  g_assert_cmpuint(response.result, ==, FWD_PCP_SUCCESS);
  g_assert_cmpuint(response.lifetime, ==, 1800);
  g_assert_cmpuint(response.epoch, ==, 77);
  g_assert_cmpstr(fwd_endpoint_format(&response.external, text), ==, "203.0.113.9:40001");
}

/* Options that nobody asked for are passed over (section 7.3). */
static void
test_options(void)
{
  FwdPcpRequest request;
  FwdPcpResponse response;
  guint8 data[FWD_PCP_MESSAGE_MAX + 4] = {0};

  memcpy(data, wire_response, sizeof wire_response);
  make_request(&request);
  g_assert_true(fwd_pcp_response_read(data, sizeof wire_response + 8, &request, &response));
  g_assert_true(fwd_pcp_response_read(data, FWD_PCP_MESSAGE_MAX, &request, &response));
  g_assert_false(fwd_pcp_response_read(data, sizeof data, &request, &response));
}

static void
test_lengths(void)
{
  FwdPcpRequest request;
  FwdPcpResponse response;

  make_request(&request);
  for (gsize length = 0; length < sizeof wire_response; length++)
    g_assert_false(fwd_pcp_response_read(wire_response, length, &request, &response));
}

static void
test_of_others(void)
{
  static const guint8 parts[] = {1, 24, 35, 36, 40, 41};
  FwdPcpResponse response;

  for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
    g_assert_false(read_changed(parts[i], wire_response[parts[i]] ^ 1, &response));
  /* A request, as it would come back from a mirror. */
  g_assert_false(read_changed(1, 1, &response));
  /* Nothing granted, or to no port, or to an IPv6 address. */
  g_assert_false(read_changed(54, 0, &response));
}

static void
test_nothing_granted(void)
{
  FwdPcpRequest request;
  FwdPcpResponse response;
  guint8 data[FWD_PCP_MAP_SIZE];

  memcpy(data, wire_response, sizeof data);
  memset(data + 4, 0, 4);
  g_assert_false(fwd_pcp_response_read(data, sizeof data, make_request(&request), &response));
  memcpy(data, wire_response, sizeof data);
  memset(data + 42, 0, 2);
  g_assert_false(fwd_pcp_response_read(data, sizeof data, &request, &response));
}

/* The answer to a removal needs neither a lifetime nor an address. */
static void
test_removal(void)
{
  FwdPcpRequest request;
  FwdPcpResponse response;
  guint8 data[FWD_PCP_MAP_SIZE];

  memcpy(data, wire_response, sizeof data);
  memset(data + 4, 0, 4);
  memset(data + 42, 0, 18);
  make_request(&request);
  request.lifetime = 0;
  g_assert_true(fwd_pcp_response_read(data, sizeof data, &request, &response));
  g_assert_cmpuint(response.result, ==, FWD_PCP_SUCCESS);
}

static void
test_errors(void)
{
  FwdPcpResponse response;

  for (guint result = 1; result < 256; result++) {
    g_assert_true(read_changed(3, result, &response));
    g_assert_cmpuint(response.result, ==, result);
    g_assert_cmpstr(fwd_pcp_result_to_string(result), !=, "success");
  }
}

/* RFC 6886, 3.5: version 0, opcode 129, result 1, seconds since its start. */
static void
test_nat_pmp_server(void)
{
  static const guint8 data[] = {0, 0x81, 0, 1, 0, 0, 0, 9};
  FwdPcpRequest request;
  FwdPcpResponse response;

  g_assert_true(fwd_pcp_response_read(data, sizeof data, make_request(&request), &response));
  g_assert_cmpuint(response.result, ==, FWD_PCP_UNSUPP_VERSION);
  g_assert_false(fwd_pcp_response_read(data, sizeof data - 1, &request, &response));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcp-message/write", test_write);
  g_test_add_func("/pcp-message/read", test_read);
  g_test_add_func("/pcp-message/options", test_options);
  g_test_add_func("/pcp-message/lengths", test_lengths);
  g_test_add_func("/pcp-message/of-others", test_of_others);
  g_test_add_func("/pcp-message/nothing-granted", test_nothing_granted);
  g_test_add_func("/pcp-message/removal", test_removal);
  g_test_add_func("/pcp-message/errors", test_errors);
  g_test_add_func("/pcp-message/nat-pmp-server", test_nat_pmp_server);
  return g_test_run();
}
