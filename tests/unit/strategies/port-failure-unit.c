/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port-failure.h"

#include <stunfwd/error.h>

static const FwdPortProtocol *const protocols[FWD_PORT_PROTOCOLS] = {
    &fwd_port_pcp, &fwd_port_natpmp, &fwd_port_upnp};

static void
assert_explained(FwdErrorCode pcp, FwdErrorCode natpmp, FwdErrorCode upnp, FwdErrorCode code,
                 const char *expected)
{
  FwdEndpoint gateway;
  GError *failures[FWD_PORT_PROTOCOLS] = {
      g_error_new(FWD_STRATEGY_ERROR, pcp, "PCP: why"),
      g_error_new(FWD_STRATEGY_ERROR, natpmp, "NAT-PMP: why"),
      g_error_new(FWD_STRATEGY_ERROR, upnp, "UPnP: why"),
  };
  g_autoptr(GError) error = NULL;

  g_assert_true(fwd_endpoint_from_address("192.168.1.1", 0, &gateway));
  error = fwd_port_failure_explain(&gateway, protocols, failures);
  g_assert_error(error, FWD_STRATEGY_ERROR, (gint)code);
  g_assert_cmpstr(error->message, ==, expected);
  for (guint i = 0; i < FWD_PORT_PROTOCOLS; i++)
    g_error_free(failures[i]);
}

static void
test_explain(void)
{
  const FwdErrorCode silent = FWD_ERROR_UNREACHABLE, denied = FWD_ERROR_DENIED;
  const FwdErrorCode inside = FWD_ERROR_UNSUPPORTED, refused = FWD_ERROR_REFUSED;

  assert_explained(silent, silent, silent, silent, "no router answers PCP, NAT-PMP or UPnP");
  assert_explained(silent, silent, denied, denied,
                   "the router at 192.168.1.1 answers UPnP but mapping is disabled");
  assert_explained(denied, silent, denied, denied,
                   "the router at 192.168.1.1 answers PCP and UPnP but mapping is disabled");
  assert_explained(
      denied, denied, denied, denied,
      "the router at 192.168.1.1 answers PCP, NAT-PMP and UPnP but mapping is disabled");
  assert_explained(silent, inside, refused, inside,
                   "the router at 192.168.1.1 answers NAT-PMP but has no public address to map "
                   "from");
  assert_explained(silent, silent, refused, refused,
                   "the router at 192.168.1.1 gives no mapping: UPnP: why");
}

static void
assert_useless(const char *outside_text, const char *seen_text, const char *expected)
{
  FwdEndpoint gateway, outside, seen = {0};
  g_autoptr(GError) error = NULL;

  g_assert_true(fwd_endpoint_from_address("192.168.1.1", 0, &gateway));
  g_assert_true(fwd_endpoint_parse(outside_text, &outside, NULL));
  g_assert_true(seen_text == NULL || fwd_endpoint_parse(seen_text, &seen, NULL));
  error = fwd_port_failure_useless(&gateway, &outside, &seen);
  if (expected == NULL) {
    g_assert_no_error(error);
    return;
  }
  g_assert_error(error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_cmpstr(error->message, ==, expected);
}

static void
test_useless(void)
{
  assert_useless("203.0.113.9:40000", NULL, NULL);
  /* The port of another mapping says nothing. */
  assert_useless("203.0.113.9:40000", "203.0.113.9:1234", NULL);
  assert_useless("203.0.113.9:40000", "[2001:db8::1]:1234", NULL);
  assert_useless(
      "203.0.113.9:40000", "198.51.100.7:40000",
      "the mapping at 192.168.1.1 leads to 203.0.113.9, which is behind another NAT");
  assert_useless("100.64.0.7:40000", NULL,
                 "the mapping at 192.168.1.1 leads to 100.64.0.7, which is behind another NAT");
  assert_useless("10.1.2.3:40000", NULL,
                 "the mapping at 192.168.1.1 leads to 10.1.2.3, which is behind another NAT");
  assert_useless("0.0.0.0:40000", NULL,
                 "the mapping at 192.168.1.1 leads to 0.0.0.0, which is behind another NAT");
  /* Where all of it is private, a STUN server inside may say so: RFC 1918 is still no internet.
   */
  assert_useless("10.1.2.3:40000", "10.1.2.3:40000",
                 "the mapping at 192.168.1.1 leads to 10.1.2.3, which is behind another NAT");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/port-failure/explain", test_explain);
  g_test_add_func("/port-failure/useless", test_useless);
  return g_test_run();
}
