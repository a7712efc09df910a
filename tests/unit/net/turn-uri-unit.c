/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/turn-uri.h"

#include <stunfwd/error.h>
#include <string.h>

static void
test_valid(void)
{
  static const struct {
    const char *text;
    const char *host;
    guint16 port;
    guint transports;
  } cases[] = {
      {"turn:example.org", "example.org", 3478, FWD_TURN_OVER_UDP | FWD_TURN_OVER_TCP},
      {"turn:192.0.2.1:99?transport=udp", "192.0.2.1", 99, FWD_TURN_OVER_UDP},
      {"turn:[2001:db8::1]:99?transport=tcp", "2001:db8::1", 99, FWD_TURN_OVER_TCP},
      {"turn:[2001:db8::1]", "2001:db8::1", 3478, FWD_TURN_OVER_UDP | FWD_TURN_OVER_TCP},
      {"turns:example.org", "example.org", 5349, FWD_TURN_OVER_TLS},
      {"turns:example.org:443?transport=tcp", "example.org", 443, FWD_TURN_OVER_TLS},
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_auto(FwdTurnUri) uri = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(fwd_turn_uri_parse(cases[i].text, &uri, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(uri.host, ==, cases[i].host);
    g_assert_cmpuint(uri.port, ==, cases[i].port);
    g_assert_cmpuint(uri.transports, ==, cases[i].transports);
  }
}

static void
test_invalid(void)
{
  static const char *const cases[] = {
      "",
      "turn",
      "turn:",
      "turn://example.org",
      "stun:example.org",
      "turn:user:password@example.org",
      "turn:example.org:0",
      "turn:example.org:70000",
      "turn:example.org:x",
      "turn:example.org?transport=sctp",
      "turn:example.org?",
      "turn:exa mple.org",
      "turns:example.org?transport=udp",
  };
  g_autofree char *name = g_strnfill(FWD_TURN_URI_MAX, 'a');
  g_autofree char *long_uri = g_strconcat("turn:", name, NULL);

  for (guint i = 0; i <= G_N_ELEMENTS(cases); i++) {
    const char *text = i < G_N_ELEMENTS(cases) ? cases[i] : long_uri;
    g_auto(FwdTurnUri) uri = {0};
    g_autoptr(GError) error = NULL;

    g_test_message("\"%s\"", text);
    g_assert_false(fwd_turn_uri_parse(text, &uri, &error));
    g_assert_error(error, FWD_NET_ERROR, FWD_ERROR_INVALID);
    g_assert_null(strchr(error->message, '\n'));
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/turn-uri/valid", test_valid);
  g_test_add_func("/turn-uri/invalid", test_invalid);
  return g_test_run();
}
