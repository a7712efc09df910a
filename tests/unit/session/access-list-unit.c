/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/access-list.h"

#include <stunfwd/error.h>

static void
test_loopback_is_allowed(void)
{
  g_autoptr(FwdAccessList) list = fwd_access_list_new();

  g_assert_true(fwd_access_list_allows(list, "tcp", "localhost:22"));
  g_assert_true(fwd_access_list_allows(list, "tcp", "127.0.0.1:22"));
  g_assert_true(fwd_access_list_allows(list, "udp", "127.8.9.10:53"));
  g_assert_true(fwd_access_list_allows(list, "tcp", "[::1]:22"));
}

static void
test_all_else_is_not(void)
{
  static const char *const targets[] = {"192.168.1.1:80",
                                        "[fe80::1]:80",
                                        "10.0.0.1:22",
                                        "example.org:80",
                                        "0.0.0.0:80",
                                        "localhost.:80",
                                        "localhost.evil.org:1",
                                        "127.1:80",
                                        "2130706433:80",
                                        "0x7f.0.0.1:80",
                                        "localhost",
                                        "",
                                        ":80",
                                        "/run/docker.sock"};
  g_autoptr(FwdAccessList) list = fwd_access_list_new();

  for (gsize i = 0; i < G_N_ELEMENTS(targets); i++) {
    if (fwd_access_list_allows(list, "tcp", targets[i]))
      g_error("%s was allowed", targets[i]);
  }
}

static void
test_empty_allows_nothing(void)
{
  g_autoptr(FwdAccessList) list = fwd_access_list_new_empty();

  g_assert_false(fwd_access_list_allows(list, "tcp", "localhost:22"));
  fwd_access_list_add_exact(list, "tcp", "localhost:22");
  g_assert_true(fwd_access_list_allows(list, "tcp", "localhost:22"));
  g_assert_false(fwd_access_list_allows(list, "udp", "localhost:22"));
  g_assert_false(fwd_access_list_allows(list, "tcp", "localhost:23"));
}

typedef struct {
  const char *rule, *forwarder, *target;
  gboolean allowed;
} Row;

static const Row rows[] = {
    {"tcp:192.168.1.10:80", "tcp", "192.168.1.10:80", TRUE},
    {"tcp:192.168.1.10:80", "tcp", "192.168.1.10:81", FALSE},
    {"tcp:192.168.1.10:80", "tcp", "192.168.1.11:80", FALSE},
    {"tcp:192.168.1.10:80", "udp", "192.168.1.10:80", FALSE},
    {"tcp:192.168.1.0/24:*", "tcp", "192.168.1.200:65535", TRUE},
    {"tcp:192.168.1.0/24:*", "tcp", "192.168.2.1:1", FALSE},
    {"tcp:0.0.0.0/0:443", "tcp", "203.0.113.9:443", TRUE},
    {"tcp:0.0.0.0/0:443", "tcp", "[2001:db8::1]:443", FALSE},
    {"udp:[fd00::]/8:53", "udp", "[fd12::1]:53", TRUE},
    {"udp:[fd00::]/8:53", "udp", "[fe00::1]:53", FALSE},
    {"tcp:[2001:db8::5]:22", "tcp", "[2001:db8::5]:22", TRUE},
    {"tcp:*.example.net:8000-8010", "tcp", "a.example.net:8005", TRUE},
    {"tcp:*.example.net:8000-8010", "tcp", "a.example.net:8011", FALSE},
    {"tcp:*.example.net:8000-8010", "tcp", "example.com:8005", FALSE},
    {"tcp:*:*", "tcp", "anything:1", TRUE},
    {"unix:/run/app/*.sock", "unix", "/run/app/a.sock", TRUE},
    {"unix:/run/app/*.sock", "unix", "/run/other/a.sock", FALSE},
    {"unix:/run/app/*.sock", "unix", "/run/app/../docker.sock", FALSE},
    {"tcp:/run/app/*.sock", "unix", "/run/app/a.sock", FALSE},
};

static void
test_rules(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(FwdAccessList) list = fwd_access_list_new();
    g_autoptr(GError) error = NULL;
    g_assert_true(fwd_access_list_add(list, rows[i].rule, &error));
    g_assert_no_error(error);
    if (fwd_access_list_allows(list, rows[i].forwarder, rows[i].target) != rows[i].allowed)
      g_error("row %" G_GSIZE_FORMAT ": %s against %s:%s", i, rows[i].rule, rows[i].forwarder,
              rows[i].target);
  }
}

static void
test_wrong_rules_say_what(void)
{
  static const char *const wrong[][2] = {
      {"", "forwarder"},        {":10.0.0.1:80", "forwarder"},  {"tcp", "forwarder"},
      {"tcp:10.0.0.1", "port"}, {"tcp:10.0.0.1:http", "port"},  {"tcp:10.0.0.1:0", "port"},
      {"tcp::80", "host"},      {"tcp:10.0.0.0/33:80", "host"}, {"tcp:10.0.0.1:9-8", "port"},
      {"tcp:10.*:80", "host"},  {"tcp:10.0.0.?:80", "host"},    {"tcp:10.0.0.1:", "port"},
      {"tcp:a/8:80", "host"},   {"tcp:10.0.0.1:65536", "port"},
  };

  for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
    g_autoptr(FwdAccessList) list = fwd_access_list_new();
    g_autoptr(GError) error = NULL;
    g_assert_false(fwd_access_list_add(list, wrong[i][0], &error));
    g_assert_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, wrong[i][1]));
    g_assert_nonnull(strstr(error->message, wrong[i][0]));
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/access-list/loopback", test_loopback_is_allowed);
  g_test_add_func("/access-list/default", test_all_else_is_not);
  g_test_add_func("/access-list/empty", test_empty_allows_nothing);
  g_test_add_func("/access-list/rules", test_rules);
  g_test_add_func("/access-list/wrong", test_wrong_rules_say_what);
  return g_test_run();
}
