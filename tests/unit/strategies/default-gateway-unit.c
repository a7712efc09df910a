/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "default-gateway.h"

#define HEAD                                                                                   \
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"

static void
assert_gateway(const char *table, const char *expected)
{
  FwdEndpoint gateway;
  g_autofree char *address = NULL;

  if (fwd_default_gateway_parse(table, &gateway))
    address = fwd_endpoint_address_to_string(&gateway);
  g_assert_cmpstr(address, ==, expected);
}

/* Addresses stand there as the kernel has them in memory. */
static guint32
in_memory(guint8 a, guint8 b, guint8 c, guint8 d)
{
  union {
    guint8 bytes[4];
    guint32 value;
  } address = {.bytes = {a, b, c, d}};

  return address.value;
}

static char *
make_route(const char *device, guint32 destination, guint32 gateway, guint flags, guint metric,
           guint32 mask)
{
  return g_strdup_printf("%s\t%08X\t%08X\t%04X\t0\t0\t%u\t%08X\t0\t0\t0  \n", device,
                         destination, gateway, flags, metric, mask);
}

static void
test_one(void)
{
  g_autofree char *route = make_route("eth0", 0, in_memory(192, 168, 2, 1), 3, 0, 0);
  g_autofree char *table = g_strconcat(HEAD, route, NULL);

  assert_gateway(table, "192.168.2.1");
}

static void
test_lowest_metric(void)
{
  g_autofree char *wired = make_route("eth0", 0, in_memory(192, 168, 2, 1), 3, 100, 0);
  g_autofree char *wireless = make_route("wlan0", 0, in_memory(192, 168, 7, 1), 3, 600, 0);
  g_autofree char *first = g_strconcat(HEAD, wired, wireless, NULL);
  g_autofree char *second = g_strconcat(HEAD, wireless, wired, NULL);

  assert_gateway(first, "192.168.2.1");
  assert_gateway(second, "192.168.2.1");
}

/* Routes through a tunnel have no gateway; one that is down is of no use. */
static void
test_no_gateway(void)
{
  g_autofree char *tunnel = make_route("tun0", 0, 0, 1, 0, 0);
  g_autofree char *down = make_route("eth1", 0, in_memory(10, 0, 0, 1), 2, 0, 0);
  g_autofree char *half =
      make_route("tun1", 0, in_memory(10, 8, 0, 1), 3, 0, in_memory(128, 0, 0, 0));
  g_autofree char *table = g_strconcat(HEAD, tunnel, down, half, NULL);

  assert_gateway(table, NULL);
}

static void
test_nonsense(void)
{
  assert_gateway("", NULL);
  assert_gateway(HEAD, NULL);
  assert_gateway(HEAD "eth0\t00000000\n\n\t\t\t", NULL);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/default-gateway/one", test_one);
  g_test_add_func("/default-gateway/lowest-metric", test_lowest_metric);
  g_test_add_func("/default-gateway/no-gateway", test_no_gateway);
  g_test_add_func("/default-gateway/nonsense", test_nonsense);
  return g_test_run();
}
