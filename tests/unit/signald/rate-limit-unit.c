/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rate-limit.h"

#define START  (G_GINT64_CONSTANT(1000) * G_USEC_PER_SEC)
#define SECOND G_USEC_PER_SEC

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint result;

  g_assert_true(fwd_endpoint_parse(text, &result, NULL));
  return result;
}

static guint
take_all(FwdRateLimit *limits, const FwdEndpoint *client, gint64 now)
{
  guint taken = 0;

  while (fwd_rate_limit_take(limits, client, now))
    taken++;
  return taken;
}

static void
test_burst_then_rate(void)
{
  g_autoptr(FwdRateLimit) limits = fwd_rate_limit_new(10, 25);
  FwdEndpoint client = endpoint("192.0.2.1:1000");

  g_assert_cmpuint(take_all(limits, &client, START), ==, 25);
  g_assert_cmpuint(take_all(limits, &client, START + SECOND / 20), ==, 0);
  g_assert_cmpuint(take_all(limits, &client, START + SECOND / 10), ==, 1);
  g_assert_cmpuint(take_all(limits, &client, START + SECOND), ==, 9);
  g_assert_cmpuint(take_all(limits, &client, START + 100 * SECOND), ==, 25);
}

static void
test_port_does_not_matter(void)
{
  g_autoptr(FwdRateLimit) limits = fwd_rate_limit_new(1, 5);
  FwdEndpoint client = endpoint("192.0.2.1:1000");
  FwdEndpoint other_port = endpoint("192.0.2.1:2000");

  g_assert_cmpuint(take_all(limits, &client, START), ==, 5);
  g_assert_false(fwd_rate_limit_take(limits, &other_port, START));
}

static void
test_ipv6_network(void)
{
  g_autoptr(FwdRateLimit) limits = fwd_rate_limit_new(1, 5);
  FwdEndpoint client = endpoint("[2001:db8:0:1::1]:1000");
  FwdEndpoint neighbour = endpoint("[2001:db8:0:1:ffff::2]:1000");

  g_assert_cmpuint(take_all(limits, &client, START), ==, 5);
  g_assert_false(fwd_rate_limit_take(limits, &neighbour, START));
}

/* Two addresses share a bucket only by a chance of 1 in 16384: of 100 hardly any do. */
static void
test_addresses_are_apart(void)
{
  g_autoptr(FwdRateLimit) limits = fwd_rate_limit_new(1, 2);
  guint full = 0;

  for (guint i = 0; i < 100; i++) {
    FwdEndpoint client = endpoint("192.0.2.1:1000");

    client.in4.sin_addr.s_addr = htonl(0x0a000000 + i);
    full += take_all(limits, &client, START) == 2;
  }
  g_assert_cmpuint(full, >=, 80);
}

static void
test_clock_at_zero(void)
{
  g_autoptr(FwdRateLimit) limits = fwd_rate_limit_new(1, 3);
  FwdEndpoint client = endpoint("192.0.2.1:1000");

  g_assert_cmpuint(take_all(limits, &client, 0), ==, 3);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/rate-limit/burst-then-rate", test_burst_then_rate);
  g_test_add_func("/rate-limit/port-does-not-matter", test_port_does_not_matter);
  g_test_add_func("/rate-limit/ipv6-network", test_ipv6_network);
  g_test_add_func("/rate-limit/addresses-are-apart", test_addresses_are_apart);
  g_test_add_func("/rate-limit/clock-at-zero", test_clock_at_zero);
  return g_test_run();
}
