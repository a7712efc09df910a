/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/credentials.h"

#include "core/read-file.h"
#include "net/turn-uri.h"
#include <sodium.h>
#include <string.h>
#include <stunfwd/error.h>

#define PASSPHRASE_FILE_MAX 4096
#define STUN_PORT           3478

static char *
get_string(FwdProfile *profile, const char *property)
{
  char *value;

  g_object_get(profile, property, &value, NULL);
  if (value && !*value)
    g_clear_pointer(&value, g_free);
  return value;
}

static GUri *
parse_url(const char *text, GError **error)
{
  g_autoptr(GError) inner = NULL;
  g_autoptr(GUri) url = g_uri_parse(text, G_URI_FLAGS_SCHEME_NORMALIZE, &inner);

  if (!url || !g_uri_get_host(url) || !*g_uri_get_host(url)) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, "signaling URL \"%s\": %s", text,
                inner ? inner->message : "it names no host, as in ws://HOST:PORT/");
    return NULL;
  }
  return g_steal_pointer(&url);
}

/* The first line of the file, which is a secret; @what it is, for the message. */
static char *
load_secret(const char *what, const char *path, GError **error)
{
  g_autoptr(GError) inner = NULL;
  gsize length;
  char *text = fwd_read_file(path, PASSPHRASE_FILE_MAX, &length, &inner);

  if (!text) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, "%s file %s", what,
                inner->message);
    return NULL;
  }
  if (memchr(text, '\0', length)) {
    sodium_memzero(text, length);
    g_free(text);
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, "%s file %s: not a text", what,
                path);
    return NULL;
  }
  text[strcspn(text, "\r\n")] = '\0';
  return text;
}

static GStrv
join_stun(FwdProfile *profile, char **more)
{
  g_autoptr(GStrvBuilder) all = g_strv_builder_new();
  g_auto(GStrv) own = NULL;

  g_object_get(profile, "stun", &own, NULL);
  g_strv_builder_addv(all, (const char **)own);
  if (more)
    g_strv_builder_addv(all, (const char **)more);
  return g_strv_builder_end(all);
}

static gboolean
check_turn_uri(const char *text, GError **error)
{
  g_auto(FwdTurnUri) uri = {0};
  g_autoptr(GError) inner = NULL;

  if (fwd_turn_uri_parse(text, &uri, &inner))
    return TRUE;
  g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, "--turn %s: %s", text,
              inner->message);
  return FALSE;
}

static gboolean
add_turn(FwdCredentials *self, FwdProfile *profile, char **uris, GError **error)
{
  g_autofree char *user = get_string(profile, "turn-user");
  g_autofree char *path = get_string(profile, "turn-password-file");
  g_autofree char *password = NULL;

  if (!user || !path) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID,
                "--turn goes with --turn-user NAME and --turn-password-file FILE");
    return FALSE;
  }
  password = load_secret("TURN password", path, error);
  for (; password && *uris; uris++) {
    if (!check_turn_uri(*uris, error))
      return FALSE;
    g_ptr_array_add(self->turn, fwd_turn_server_new(*uris, user, password));
  }
  return password != NULL;
}

static gboolean
use_turn(FwdCredentials *self, FwdProfile *profile, GError **error)
{
  g_auto(GStrv) uris = NULL;

  self->turn = fwd_turn_servers_new();
  g_object_get(profile, "turn", &uris, NULL);
  return !uris || !*uris || add_turn(self, profile, uris, error);
}

static void
use_ticket(FwdCredentials *self, FwdProfile *profile, const FwdTicket *ticket)
{
  g_autofree char *url = g_uri_to_string(ticket->url);

  self->url = g_uri_ref(ticket->url);
  self->stun = join_stun(profile, ticket->stun);
  self->place = g_strdup_printf("the ticket's room at %s", url);
  fwd_room_keys_derive(ticket->secret, &self->keys);
}

static gboolean
use_passphrase(FwdCredentials *self, FwdProfile *profile, const char *room, GError **error)
{
  g_autofree char *text = get_string(profile, "signaling-url");
  g_autofree char *path = get_string(profile, "passphrase-file");
  g_autofree char *passphrase = NULL;
  guint8 secret[FWD_SECRET_SIZE];
  gboolean derived;

  if (!text || !path) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID,
                "--room goes with --signaling URL and --passphrase-file FILE");
    return FALSE;
  }
  self->url = parse_url(text, error);
  passphrase = self->url ? load_secret("passphrase", path, error) : NULL;
  if (!passphrase)
    return FALSE;
  derived = fwd_secret_from_passphrase(room, passphrase, secret, &self->weak, error);
  sodium_memzero(passphrase, strlen(passphrase));
  if (!derived)
    return FALSE;
  fwd_room_keys_derive(secret, &self->keys);
  sodium_memzero(secret, sizeof secret);
  self->stun = join_stun(profile, NULL);
  self->place = g_strdup_printf("room \"%s\" (for this passphrase) at %s", room, text);
  return TRUE;
}

/* A file that cannot be read is wrong input, like any other option's. */
static FwdTicket *
load_ticket(const char *path, GError **error)
{
  g_autoptr(GError) inner = NULL;
  FwdTicket *ticket = fwd_ticket_load(path, &inner);

  if (inner && inner->domain == G_FILE_ERROR)
    g_set_error_literal(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, inner->message);
  else if (inner)
    g_propagate_error(error, g_steal_pointer(&inner));
  return ticket;
}

static FwdTicket *
find_ticket(FwdProfile *profile, GError **error)
{
  g_autofree char *text = get_string(profile, "ticket");
  g_autofree char *path = get_string(profile, "ticket-file");

  if (text)
    return fwd_ticket_parse(text, error);
  if (path)
    return load_ticket(path, error);
  g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID,
              "a ticket is missing: give TICKET, --ticket-file FILE, or --signaling URL with "
              "--room ID and --passphrase-file FILE");
  return NULL;
}

FwdCredentials *
fwd_credentials_new(FwdProfile *profile, GError **error)
{
  g_autoptr(FwdCredentials) self = g_new0(FwdCredentials, 1);
  g_autofree char *room = get_string(profile, "room");
  g_autoptr(FwdTicket) ticket = NULL;

  if (!use_turn(self, profile, error))
    return NULL;
  if (room)
    return use_passphrase(self, profile, room, error) ? g_steal_pointer(&self) : NULL;
  ticket = find_ticket(profile, error);
  if (!ticket)
    return NULL;
  use_ticket(self, profile, ticket);
  return g_steal_pointer(&self);
}

void
fwd_credentials_free(FwdCredentials *self)
{
  fwd_room_keys_wipe(&self->keys);
  g_clear_pointer(&self->url, g_uri_unref);
  g_strfreev(self->stun);
  g_clear_pointer(&self->turn, g_ptr_array_unref);
  g_free(self->place);
  g_free(self);
}

GStrv
fwd_credentials_list_stun(const FwdCredentials *self)
{
  const char *host = g_uri_get_host(self->url);
  g_autoptr(GStrvBuilder) servers = g_strv_builder_new();
  g_autofree char *guess =
      g_strdup_printf(strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, STUN_PORT);

  g_strv_builder_addv(servers, (const char **)self->stun);
  if (!self->stun[0])
    g_strv_builder_add(servers, guess);
  return g_strv_builder_end(servers);
}

static char *
ticket_path(GError **error)
{
  g_autofree char *directory = g_build_filename(g_get_user_state_dir(), "stunfwd", NULL);

  if (g_mkdir_with_parents(directory, 0700) != 0) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_DENIED, "state directory %s: %s",
                directory, g_strerror(errno));
    return NULL;
  }
  return g_build_filename(directory, "server.ticket", NULL);
}

FwdTicket *
fwd_credentials_keep_ticket(const char *url, const char *const *stun, char **path,
                            GError **error)
{
  g_autofree char *file = ticket_path(error);
  g_autoptr(GUri) uri = file ? parse_url(url, error) : NULL;
  g_autoptr(FwdTicket) ticket = NULL;

  if (!uri || !fwd_ticket_check(uri, stun, error))
    return NULL;
  ticket = fwd_ticket_new(uri, stun);
  if (g_file_test(file, G_FILE_TEST_EXISTS)) {
    g_autoptr(FwdTicket) kept = fwd_ticket_load(file, error);
    if (!kept)
      return NULL;
    memcpy(ticket->secret, kept->secret, sizeof ticket->secret);
  }
  if (!fwd_ticket_save(ticket, file, error))
    return NULL;
  if (path)
    *path = g_steal_pointer(&file);
  return g_steal_pointer(&ticket);
}
