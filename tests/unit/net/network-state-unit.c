/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables as the kernel prints them, in files of the test. */
#include "net/network-state.h"

#include <glib/gstdio.h>
#include <string.h>

#define HEAD                                                                                   \
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
#define WLAN  "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
#define ETH   "eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
#define LOCAL "eth0\t0002A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
#define PPP   "ppp0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0\n"
#define ARP_HEAD                                                                               \
  "IP address       HW type     Flags       HW address            Mask     Device\n"
#define ARP_ETH "192.168.2.1      0x1         0x2         02:00:00:00:00:02     *        eth0\n"
#define ARP_WLAN                                                                               \
  "192.168.1.1      0x1         0x2         02:00:00:00:00:01     *        wlan0\n"
#define ARP_EMPTY                                                                              \
  "192.168.2.1      0x1         0x0         00:00:00:00:00:00     *        eth0\n"

typedef struct {
  char *folder;
  FwdNetworkFiles files;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp("network-state-XXXXXX", NULL);
  fixture->files.routes = g_build_filename(fixture->folder, "route", NULL);
  fixture->files.routes6 = g_build_filename(fixture->folder, "route6", NULL);
  fixture->files.arp = g_build_filename(fixture->folder, "arp", NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  const char *files[] = {fixture->files.routes, fixture->files.routes6, fixture->files.arp};

  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_unlink(files[i]);
    g_free((char *)files[i]);
  }
  g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
  g_free(fixture->folder);
}

static char *
identify(Fixture *fixture, const char *routes, const char *arp)
{
  g_assert_true(g_file_set_contents(fixture->files.routes, routes, -1, NULL));
  g_assert_true(g_file_set_contents(fixture->files.arp, arp, -1, NULL));
  return fwd_network_identify(&fixture->files);
}

static void
test_identify(Fixture *fixture, gconstpointer data)
{
  g_autofree char *one = identify(fixture, HEAD ETH LOCAL, ARP_HEAD ARP_ETH);
  g_autofree char *same = identify(fixture, HEAD LOCAL WLAN ETH, ARP_HEAD ARP_WLAN ARP_ETH);
  g_autofree char *other = identify(fixture, HEAD WLAN, ARP_HEAD ARP_WLAN ARP_ETH);

  g_assert_cmpuint(strlen(one), ==, 16);
  g_assert_cmpuint(strspn(one, "0123456789abcdef"), ==, 16);
  g_assert_cmpstr(one, ==, same); /* the route with the least metric counts */
  g_assert_cmpstr(one, !=, other);
}

/* Without the gateway's hardware address two networks may look the same. */
static void
test_unknown(Fixture *fixture, gconstpointer data)
{
  const char *const tables[][2] = {
      {HEAD LOCAL, ARP_HEAD ARP_ETH},
      {HEAD ETH, ARP_HEAD ARP_EMPTY},
      {HEAD ETH, ARP_HEAD ARP_WLAN},
      {HEAD PPP, ARP_HEAD},
      {HEAD "eth0\t0000", ARP_HEAD},
      {"\n\n\t\t\n", "x"},
      {"", ""},
  };

  for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
    g_assert_null(identify(fixture, tables[i][0], tables[i][1]));
  g_unlink(fixture->files.routes);
  g_assert_null(fwd_network_identify(&fixture->files));
}

static char *
describe(Fixture *fixture, const char *routes, const char *routes6)
{
  g_assert_true(g_file_set_contents(fixture->files.routes, routes, -1, NULL));
  g_assert_true(g_file_set_contents(fixture->files.routes6, routes6, -1, NULL));
  return fwd_network_describe(&fixture->files);
}

#define ZEROS "00000000000000000000000000000000"
#define ROUTE6(gateway)                                                                        \
  ZEROS " 00 " ZEROS " 00 " gateway " 00000400 00000003 00000000 00000003 quite0\n"
#define REJECT6                                                                                \
  ZEROS " 00 " ZEROS " 00 " ZEROS " ffffffff 00000001 00000000 00200200       lo\n"

static void
test_describe(Fixture *fixture, gconstpointer data)
{
  g_autofree char *one = describe(fixture, HEAD WLAN ETH LOCAL, REJECT6);
  g_autofree char *same = describe(fixture, HEAD ETH LOCAL LOCAL WLAN, "");
  g_autofree char *less = describe(fixture, HEAD ETH LOCAL, "");
  g_autofree char *more =
      describe(fixture, HEAD WLAN ETH LOCAL, ROUTE6("fe800000000000000000000000000001"));
  g_autofree char *another =
      describe(fixture, HEAD WLAN ETH LOCAL, ROUTE6("fe800000000000000000000000000002"));

  g_assert_cmpstr(one, ==, same);
  g_assert_cmpstr(one, !=, less);
  g_assert_cmpstr(one, !=, more);
  g_assert_cmpstr(more, !=, another);
  g_assert_nonnull(strstr(more, "quite0 via fe80"));
}

/* The real tables can be read, and say the same twice. */
static void
test_real(void)
{
  g_autofree char *one = fwd_network_describe(&fwd_network_files);
  g_autofree char *two = fwd_network_describe(&fwd_network_files);

  g_assert_cmpstr(one, ==, two);
}

#define ADD(path, test)                                                                        \
  g_test_add("/network-state/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("identify", test_identify);
  ADD("unknown", test_unknown);
  ADD("describe", test_describe);
  g_test_add_func("/network-state/real", test_real);
  return g_test_run();
}
