/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's interfaces are a fake here: these two stand in for the C library's. */
#include "net/candidates.h"

#include <ifaddrs.h>
#include <net/if.h>

#define UP       (IFF_UP | IFF_RUNNING)
#define FAKE_MAX 64

typedef struct {
  const char *name;
  const char *address; /* NULL for an interface without one */
  const char *mask;
  unsigned int flags;
} Interface;

static const Interface *fake;
static gsize fake_count;
static struct ifaddrs nodes[FAKE_MAX];
static FwdEndpoint addresses[FAKE_MAX], masks[FAKE_MAX];

int
getifaddrs(struct ifaddrs **list)
{
  if (fake_count == 0)
    return -1;
  for (gsize i = 0; i < fake_count; i++) {
    nodes[i] = (struct ifaddrs){
        .ifa_next = i + 1 < fake_count ? &nodes[i + 1] : NULL,
        .ifa_name = (char *)fake[i].name,
        .ifa_flags = fake[i].flags,
    };
    if (fake[i].address != NULL && fwd_endpoint_from_address(fake[i].address, 0, &addresses[i]))
      nodes[i].ifa_addr = &addresses[i].any;
    if (fake[i].mask != NULL && fwd_endpoint_from_address(fake[i].mask, 0, &masks[i]))
      nodes[i].ifa_netmask = &masks[i].any;
  }
  *list = nodes;
  return 0;
}

void
freeifaddrs(G_GNUC_UNUSED struct ifaddrs *list)
{
}

static GArray *
gather(const Interface *interfaces, gsize count, guint16 port4, guint16 port6)
{
  fake = interfaces;
  fake_count = count;
  return fwd_candidates_gather(port4, port6);
}

static void
assert_endpoints(const GArray *candidates, const char *const *expected)
{
  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *candidate = &g_array_index(candidates, FwdCandidate, i);
    char text[FWD_ENDPOINT_TEXT_MAX];

    g_assert_nonnull(expected[i]);
    g_assert_cmpstr(fwd_endpoint_format(&candidate->endpoint, text), ==, expected[i]);
    g_assert_true(fwd_endpoint_equal(&candidate->endpoint, &candidate->base));
    g_assert_cmpuint(candidate->type, ==, FWD_CANDIDATE_HOST);
  }
  g_assert_null(expected[candidates->len]);
}

static void
test_order(void)
{
  static const Interface interfaces[] = {
      {"lo", "127.0.0.1", "255.0.0.0", UP | IFF_LOOPBACK},
      {"docker0", "172.17.0.1", "255.255.0.0", UP},
      {"wg0", "198.18.9.1", "255.255.255.0", UP},
      {"eth0", "169.254.7.7", "255.255.0.0", UP},
      {"eth0", "198.18.0.2", "255.255.255.0", UP},
      {"br0", "198.18.1.2", "255.255.254.0", UP},
      {"br-0123456789ab", "172.18.0.1", "255.255.0.0", UP},
  };
  static const char *const expected[] = {"198.18.0.2:7",
                                         "198.18.1.2:7",
                                         "172.17.0.1:7",
                                         "198.18.9.1:7",
                                         "169.254.7.7:7",
                                         "172.18.0.1:7",
                                         NULL};
  g_autoptr(GArray) candidates = gather(interfaces, G_N_ELEMENTS(interfaces), 7, 0);

  assert_endpoints(candidates, expected);
  g_assert_cmpuint(g_array_index(candidates, FwdCandidate, 0).prefix_length, ==, 24);
  g_assert_cmpuint(g_array_index(candidates, FwdCandidate, 1).prefix_length, ==, 23);
}

static void
test_left_out(void)
{
  static const Interface interfaces[] = {
      {"eth0", "198.18.0.1", NULL, IFF_UP},
      {"eth1", "198.18.0.2", NULL, IFF_RUNNING},
      {"eth2", NULL, NULL, UP},
      {"eth3", "0.0.0.0", NULL, UP},
      {"eth4", "127.1.2.3", NULL, UP},
      {"eth5", "fe80::1", "ffff:ffff:ffff:ffff::", UP},
      {"eth6", "::1", NULL, UP},
      {"eth7", "198.18.0.7", NULL, UP},
      {"eth8", "198.18.0.7", NULL, UP},
  };
  static const char *const expected[] = {"198.18.0.7:7", NULL};
  g_autoptr(GArray) candidates = gather(interfaces, G_N_ELEMENTS(interfaces), 7, 8);

  assert_endpoints(candidates, expected);
  g_assert_cmpuint(g_array_index(candidates, FwdCandidate, 0).prefix_length, ==, 0);
}

static void
test_families(void)
{
  static const Interface interfaces[] = {
      {"eth0", "198.18.0.1", "255.255.255.255", UP},
      {"eth0", "2001:db8::7", "ffff:ffff:ffff:ff80::", UP},
      {"eth0", "fd00::7", "ffff:ffff:ffff:ffff::", UP},
  };
  static const char *const both[] = {"198.18.0.1:7", "[2001:db8::7]:8", "[fd00::7]:8", NULL};
  g_autoptr(GArray) all = gather(interfaces, 3, 7, 8);
  g_autoptr(GArray) ipv4 = gather(interfaces, 3, 7, 0);
  g_autoptr(GArray) ipv6 = gather(interfaces, 3, 0, 8);
  g_autoptr(GArray) none = gather(interfaces, 3, 0, 0);

  assert_endpoints(all, both);
  g_assert_cmpuint(g_array_index(all, FwdCandidate, 0).prefix_length, ==, 32);
  g_assert_cmpuint(g_array_index(all, FwdCandidate, 1).prefix_length, ==, 57);
  g_assert_cmpuint(ipv4->len, ==, 1);
  assert_endpoints(ipv6, both + 1);
  g_assert_cmpuint(none->len, ==, 0);
}

static void
test_at_most(void)
{
  static const char *const texts[] = {"docker1", "eth0"};
  Interface interfaces[40];
  g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GArray) candidates = NULL;

  for (guint i = 0; i < G_N_ELEMENTS(interfaces); i++) {
    char *text = g_strdup_printf("198.18.%u.1", i);

    g_ptr_array_add(strings, text);
    interfaces[i] = (Interface){texts[i / 30], text, NULL, UP};
  }
  candidates = gather(interfaces, G_N_ELEMENTS(interfaces), 7, 0);
  g_assert_cmpuint(candidates->len, ==, FWD_HOST_CANDIDATES_MAX);
  for (guint i = 0; i < 16; i++) {
    g_autofree char *text =
        fwd_endpoint_address_to_string(&g_array_index(candidates, FwdCandidate, i).endpoint);

    g_assert_cmpstr(text, ==, g_ptr_array_index(strings, i < 10 ? 30 + i : i - 10));
  }
}

static void
test_no_list(void)
{
  g_autoptr(GArray) candidates = gather(NULL, 0, 7, 8);

  g_assert_cmpuint(candidates->len, ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/candidates/order", test_order);
  g_test_add_func("/candidates/left-out", test_left_out);
  g_test_add_func("/candidates/families", test_families);
  g_test_add_func("/candidates/at-most", test_at_most);
  g_test_add_func("/candidates/no-list", test_no_list);
  return g_test_run();
}
