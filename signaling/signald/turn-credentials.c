/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn-credentials.h"

#include "net/stun-digest.h"
#include "net/stun-message.h"
#include <string.h>

#define RANDOM_SIZE 8

struct FwdTurnCredentials {
  GStrv uris;
  char *secret;
};

FwdTurnCredentials *
fwd_turn_credentials_new(const char *const *uris, const char *secret)
{
  FwdTurnCredentials *credentials = g_new(FwdTurnCredentials, 1);

  *credentials =
      (FwdTurnCredentials){.uris = g_strdupv((GStrv)uris), .secret = g_strdup(secret)};
  return credentials;
}

void
fwd_turn_credentials_free(FwdTurnCredentials *credentials)
{
  g_strfreev(credentials->uris);
  explicit_bzero(credentials->secret, strlen(credentials->secret));
  g_free(credentials->secret);
  g_free(credentials);
}

/* The random part keeps the members apart in the TURN server's quotas. */
static char *
make_username(gint64 now)
{
  guint8 random[FWD_STUN_TRANSACTION_SIZE];
  GString *name = g_string_new(NULL);

  g_string_printf(name, "%" G_GINT64_FORMAT ":", now + FWD_TURN_CREDENTIALS_LIFETIME);
  fwd_stun_new_transaction(random);
  for (guint i = 0; i < RANDOM_SIZE; i++)
    g_string_append_printf(name, "%02x", random[i]);
  return g_string_free(name, FALSE);
}

static char *
make_password(const char *secret, const char *username)
{
  guint8 digest[FWD_STUN_SHA256_SIZE];

  if (!fwd_stun_hmac(GNUTLS_MAC_SHA1, (const guint8 *)secret, strlen(secret),
                     (const guint8 *)username, strlen(username), digest))
    return NULL;
  return g_base64_encode(digest, FWD_STUN_SHA1_SIZE);
}

GPtrArray *
fwd_turn_credentials_make(const FwdTurnCredentials *credentials, gint64 now)
{
  g_autofree char *username = make_username(now);
  g_autofree char *password = make_password(credentials->secret, username);
  GPtrArray *servers = fwd_turn_servers_new();

  for (char **uri = credentials->uris; password != NULL && *uri != NULL; uri++)
    g_ptr_array_add(servers, fwd_turn_server_new(*uri, username, password));
  return servers;
}
