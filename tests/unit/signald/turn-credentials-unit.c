/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn-credentials.h"

#include <string.h>

static const char *const uris[] = {"turn:192.0.2.1", "turns:turn.example.net:443", NULL};

/* What a TURN server with the same secret expects: computed by GLib, not by GnuTLS. */
static char *
expected_password(const char *secret, const char *username)
{
  g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guchar *)secret, strlen(secret));
  guint8 digest[20];
  gsize length = sizeof digest;

  g_hmac_update(hmac, (const guchar *)username, -1);
  g_hmac_get_digest(hmac, digest, &length);
  return g_base64_encode(digest, length);
}

static void
test_make(void)
{
  g_autoptr(FwdTurnCredentials) credentials = fwd_turn_credentials_new(uris, "north");
  g_autoptr(GPtrArray) servers = fwd_turn_credentials_make(credentials, 1000000);

  g_assert_cmpuint(servers->len, ==, 2);
  for (guint i = 0; i < servers->len; i++) {
    const FwdTurnServer *server = servers->pdata[i];
    g_autofree char *password = expected_password("north", server->username);

    g_assert_cmpstr(server->uri, ==, uris[i]);
    g_assert_true(g_str_has_prefix(server->username, "1043200:"));
    g_assert_cmpuint(strlen(server->username), ==, strlen("1043200:") + 16);
    g_assert_cmpstr(server->password, ==, password);
  }
}

static void
test_each_member_its_own(void)
{
  g_autoptr(FwdTurnCredentials) credentials = fwd_turn_credentials_new(uris, "north");
  g_autoptr(GPtrArray) one = fwd_turn_credentials_make(credentials, 1000000);
  g_autoptr(GPtrArray) two = fwd_turn_credentials_make(credentials, 1000000);

  g_assert_cmpstr(((FwdTurnServer *)one->pdata[0])->username, !=,
                  ((FwdTurnServer *)two->pdata[0])->username);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/turn-credentials/make", test_make);
  g_test_add_func("/turn-credentials/each-member-its-own", test_each_member_its_own);
  return g_test_run();
}
