/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/host-port.h"

#include <string.h>

static void
test_good(void)
{
  static const struct {
    const char *text;
    guint16 default_port;
    const char *host;
    guint16 port;
  } cases[] = {
      {"stun.example.org:3478", 0, "stun.example.org", 3478},
      {"stun.example.org", 3478, "stun.example.org", 3478},
      {"stun.example.org.:1", 0, "stun.example.org.", 1},
      {"localhost:65535", 1, "localhost", 65535},
      {"a_b-c:80", 0, "a_b-c", 80},
      {"192.0.2.1:80", 0, "192.0.2.1", 80},
      {"192.0.2.1", 7, "192.0.2.1", 7},
      {"[2001:db8::1]:80", 0, "2001:db8::1", 80},
      {"[::1]", 5, "::1", 5},
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *host = NULL;
    guint16 port = 0;
    g_assert_true(fwd_host_port_parse(cases[i].text, cases[i].default_port, &host, &port));
    g_assert_cmpstr(host, ==, cases[i].host);
    g_assert_cmpuint(port, ==, cases[i].port);
  }
}

static void
test_bad(void)
{
  static const char *const cases[] = {
      "",
      ":80",
      "host:",
      "host:0",
      "host:65536",
      "host:-1",
      "host:+1",
      "host: 1",
      "host:1 ",
      " host:1",
      "host:000080",
      "host:80x",
      "host:1:2",
      "2001:db8::1",
      "[2001:db8::1",
      "[::1]80",
      "[::1]:",
      "[]:80",
      "[host]:80",
      "[192.0.2.1]:80",
      "[fe80::1%lo]:80",
      "a..b:1",
      ".a:1",
      "-a:1",
      "a-:1",
      "ho st:1",
      "a/b:1",
      "user@host:1",
      "1.2.3:1",
      "1.2.3.256:1",
      "h\xc3\xa9:1",
      "host\n:1",
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    char *host = NULL;
    guint16 port = 9;
    g_test_message("%s", cases[i]);
    g_assert_false(fwd_host_port_parse(cases[i], 1, &host, &port));
    g_assert_null(host);
    g_assert_cmpuint(port, ==, 9);
  }
}

static void
test_port_needed(void)
{
  char *host = NULL;
  guint16 port;

  g_assert_false(fwd_host_port_parse("host", 0, &host, &port));
  g_assert_false(fwd_host_port_parse("[::1]", 0, &host, &port));
}

static void
test_lengths(void)
{
  g_autofree char *label = g_strnfill(63, 'a');
  g_autofree char *longer = g_strnfill(64, 'a');
  g_autofree char *name = g_strdup_printf("%s.%s.%s.%.61s", label, label, label, label);
  g_autofree char *name_longer = g_strdup_printf("%s.%s.%s.%.62s", label, label, label, label);

  g_assert_cmpuint(strlen(name), ==, FWD_HOST_MAX);
  g_assert_true(fwd_host_is_valid(label));
  g_assert_false(fwd_host_is_valid(longer));
  g_assert_true(fwd_host_is_valid(name));
  g_assert_false(fwd_host_is_valid(name_longer));
  g_assert_true(fwd_host_is_valid("::1"));
  g_assert_false(fwd_host_is_valid("[::1]"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/host-port/good", test_good);
  g_test_add_func("/host-port/bad", test_bad);
  g_test_add_func("/host-port/port-needed", test_port_needed);
  g_test_add_func("/host-port/lengths", test_lengths);
  return g_test_run();
}
