/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/credentials.h"

#include <glib/gstdio.h>
#include <string.h>
#include <stunfwd/error.h>
#include <sys/stat.h>

typedef struct {
  char *directory;
  FwdProfile *profile;
} Fixture;

static char *
path_of(Fixture *fixture, const char *name)
{
  return g_build_filename(fixture->directory, name, NULL);
}

static char *
write_file(Fixture *fixture, const char *name, const char *text, gssize length)
{
  char *path = path_of(fixture, name);

  g_assert_true(g_file_set_contents(path, text, length, NULL));
  return path;
}

static char *
make_ticket_text(void)
{
  static const char *const stun[] = {"stun.example:3478", NULL};
  g_autoptr(GUri) url = g_uri_parse("wss://meet.example:8443/room", G_URI_FLAGS_NONE, NULL);
  g_autoptr(FwdTicket) ticket = fwd_ticket_new(url, stun);

  return fwd_ticket_to_string(ticket);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->directory = g_dir_make_tmp("stunfwd-credentials-XXXXXX", NULL);
  fixture->profile = fwd_profile_new("test", FWD_ROLE_CLIENT);
}

static void
remove_all(const char *path)
{
  g_autoptr(GDir) entries = g_dir_open(path, 0, NULL);
  const char *name;

  while (entries && (name = g_dir_read_name(entries))) {
    g_autofree char *entry = g_build_filename(path, name, NULL);
    remove_all(entry);
  }
  g_remove(path);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  remove_all(fixture->directory);
  g_free(fixture->directory);
  g_object_unref(fixture->profile);
}

static FwdCredentials *
expect_credentials(FwdProfile *profile)
{
  g_autoptr(GError) error = NULL;
  FwdCredentials *credentials = fwd_credentials_new(profile, &error);

  g_assert_no_error(error);
  g_assert_nonnull(credentials);
  return credentials;
}

/* INVALID, in one line that names @what. */
static void
expect_error(FwdProfile *profile, GQuark domain, const char *what)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_credentials_new(profile, &error));
  g_assert_error(error, domain, FWD_ERROR_INVALID);
  g_assert_nonnull(strstr(error->message, what));
  g_assert_null(strchr(error->message, '\n'));
}

static void
test_ticket_text(Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = make_ticket_text();
  g_autoptr(FwdTicket) ticket = fwd_ticket_parse(text, NULL);
  g_autoptr(FwdCredentials) credentials = NULL;
  g_auto(GStrv) stun = NULL;
  FwdRoomKeys keys;

  g_object_set(fixture->profile, "ticket", text, "stun",
               (const char *const[]){"own.example", NULL}, NULL);
  credentials = expect_credentials(fixture->profile);
  fwd_room_keys_derive(ticket->secret, &keys);
  g_assert_cmpmem(&credentials->keys, sizeof keys, &keys, sizeof keys);
  g_assert_cmpstr(g_uri_get_host(credentials->url), ==, "meet.example");
  g_assert_cmpstr(credentials->place, ==, "the ticket's room at wss://meet.example:8443/room");
  g_assert_false(credentials->weak);
  stun = fwd_credentials_list_stun(credentials);
  g_assert_cmpuint(g_strv_length(stun), ==, 2);
  g_assert_cmpstr(stun[0], ==, "own.example");
  g_assert_cmpstr(stun[1], ==, "stun.example:3478");
}

static void
test_ticket_file(Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = make_ticket_text();
  g_autofree char *line = g_strconcat(text, "\n", NULL);
  g_autofree char *path = write_file(fixture, "ticket", line, -1);
  g_autoptr(FwdCredentials) from_text = NULL, from_file = NULL;

  g_object_set(fixture->profile, "ticket", text, NULL);
  from_text = expect_credentials(fixture->profile);
  g_object_set(fixture->profile, "ticket", "", "ticket-file", path, NULL);
  from_file = expect_credentials(fixture->profile);
  g_assert_cmpstr(from_file->keys.room, ==, from_text->keys.room);
}

static FwdCredentials *
with_passphrase(Fixture *fixture, const char *room, const char *passphrase)
{
  g_autofree char *path = write_file(fixture, "passphrase", passphrase, -1);

  g_object_set(fixture->profile, "signaling-url", "ws://[2001:db8::1]:9000/", "room", room,
               "passphrase-file", path, NULL);
  return expect_credentials(fixture->profile);
}

/* Both sides come to the same keys; another passphrase or room leads elsewhere. */
static void
test_passphrase(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdCredentials) one = with_passphrase(fixture, "home", "seven green umbrellas\n");
  g_autoptr(FwdCredentials) same =
      with_passphrase(fixture, "home", "seven green umbrellas\r\n2");
  g_autoptr(FwdCredentials) other = with_passphrase(fixture, "home", "seven green umbrella");
  g_autoptr(FwdCredentials) elsewhere =
      with_passphrase(fixture, "work", "seven green umbrellas");
  g_auto(GStrv) stun = fwd_credentials_list_stun(one);

  g_assert_cmpmem(&one->keys, sizeof one->keys, &same->keys, sizeof same->keys);
  g_assert_cmpstr(one->keys.room, !=, other->keys.room);
  g_assert_cmpstr(one->keys.room, !=, elsewhere->keys.room);
  g_assert_false(one->weak);
  g_assert_nonnull(strstr(one->place, "\"home\""));
  g_assert_cmpuint(g_strv_length(stun), ==, 1);
  g_assert_cmpstr(stun[0], ==, "[2001:db8::1]:3478");
}

static void
test_weak_passphrase(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdCredentials) credentials = with_passphrase(fixture, "home", "password1");

  g_assert_true(credentials->weak);
}

static void
test_missing_pieces(Fixture *fixture, gconstpointer data)
{
  g_autofree char *nothing = path_of(fixture, "nothing");
  g_autofree char *empty = write_file(fixture, "empty", "\n", -1);

  expect_error(fixture->profile, FWD_SETTINGS_ERROR, "a ticket is missing");
  g_object_set(fixture->profile, "room", "home", NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, "--signaling URL");
  g_object_set(fixture->profile, "signaling-url", "ws://meet.example/", NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, "--passphrase-file FILE");
  g_object_set(fixture->profile, "passphrase-file", nothing, NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, nothing);
  g_object_set(fixture->profile, "passphrase-file", empty, NULL);
  expect_error(fixture->profile, FWD_MEETING_ERROR, "passphrase");
  g_object_set(fixture->profile, "signaling-url", "ws:///path", NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, "names no host");
  g_object_set(fixture->profile, "signaling-url", "not a url", NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, "\"not a url\"");
}

static void
test_turn(Fixture *fixture, gconstpointer data)
{
  static const char *const servers[] = {"turn:192.0.2.1", "turns:[2001:db8::1]:443", NULL};
  g_autofree char *path = write_file(fixture, "password", "had a little lamb\n", -1);
  g_autoptr(FwdCredentials) without = with_passphrase(fixture, "home", "seven green umbrellas");
  g_autoptr(FwdCredentials) with = NULL;
  const FwdTurnServer *server;

  g_assert_cmpuint(without->turn->len, ==, 0);
  g_object_set(fixture->profile, "turn", servers, "turn-user", "mary", "turn-password-file",
               path, NULL);
  with = expect_credentials(fixture->profile);
  g_assert_cmpuint(with->turn->len, ==, 2);
  server = with->turn->pdata[1];
  g_assert_cmpstr(server->uri, ==, servers[1]);
  g_assert_cmpstr(server->username, ==, "mary");
  g_assert_cmpstr(server->password, ==, "had a little lamb");
}

static void
test_wrong_turn(Fixture *fixture, gconstpointer data)
{
  static const char *const good[] = {"turn:192.0.2.1", NULL}, *const bad[] = {"stun:a", NULL};
  g_autofree char *nothing = g_build_filename(fixture->directory, "nothing", NULL);
  g_autofree char *path = write_file(fixture, "password", "lamb", -1);

  g_object_set(fixture->profile, "turn", good, NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, "--turn-user NAME");
  g_object_set(fixture->profile, "turn-user", "mary", NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, "--turn-password-file FILE");
  g_object_set(fixture->profile, "turn-password-file", nothing, NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, nothing);
  g_object_set(fixture->profile, "turn-password-file", path, "turn", bad, NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, "--turn stun:a: ");
}

static void
test_wrong_tickets(Fixture *fixture, gconstpointer data)
{
  g_autofree char *nothing = path_of(fixture, "nothing");
  g_autofree char *wrong = write_file(fixture, "wrong", "stunfwd://host/#short\n", -1);

  g_object_set(fixture->profile, "ticket", "http://host/", NULL);
  expect_error(fixture->profile, FWD_MEETING_ERROR, "stunfwd://");
  g_object_set(fixture->profile, "ticket", "", "ticket-file", wrong, NULL);
  expect_error(fixture->profile, FWD_MEETING_ERROR, wrong);
  g_object_set(fixture->profile, "ticket-file", nothing, NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, nothing);
}

static void
test_files_too_large(Fixture *fixture, gconstpointer data)
{
  g_autofree char *long_text = g_strnfill(5000, 'x');
  g_autofree char *large = write_file(fixture, "large", long_text, -1);
  g_autofree char *binary = write_file(fixture, "binary", "a\0b", 3);

  g_object_set(fixture->profile, "ticket-file", large, NULL);
  expect_error(fixture->profile, FWD_MEETING_ERROR, "longer than a ticket");
  g_object_set(fixture->profile, "room", "home", "signaling-url", "ws://meet.example/",
               "passphrase-file", large, NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, "larger than 4096 bytes");
  g_object_set(fixture->profile, "passphrase-file", binary, NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, binary);
}

/* A file that never ends is not read to its end. */
static void
test_endless_file(Fixture *fixture, gconstpointer data)
{
  g_object_set(fixture->profile, "room", "home", "signaling-url", "ws://meet.example/",
               "passphrase-file", "/dev/zero", NULL);
  expect_error(fixture->profile, FWD_SETTINGS_ERROR, "/dev/zero");
}

/* g_get_user_state_dir() remembers its answer: each of these runs in a process of its own. */
static void
in_state(const char *test, const char *state)
{
  g_autofree char *path = g_strconcat("/session/credentials/", test, NULL);

  g_setenv("XDG_STATE_HOME", state, TRUE);
  g_test_trap_subprocess(path, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed();
}

static void
keep_in_state(void)
{
  static const char *const stun[] = {"stun.example:3478", NULL};
  g_autoptr(GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr(FwdTicket) first =
      fwd_credentials_keep_ticket("ws://a.example/", NULL, &path, &error);
  g_autoptr(FwdTicket) second = NULL, wrong = NULL;
  struct stat status;

  g_assert_no_error(error);
  g_assert_cmpint(stat(path, &status), ==, 0);
  g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
  second = fwd_credentials_keep_ticket("wss://b.example/", stun, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpmem(first->secret, FWD_SECRET_SIZE, second->secret, FWD_SECRET_SIZE);
  g_assert_cmpstr(g_uri_get_host(second->url), ==, "b.example");
  g_assert_cmpstr(second->stun[0], ==, "stun.example:3478");
  wrong = fwd_credentials_keep_ticket("ftp://c.example/", NULL, NULL, &error);
  g_assert_null(wrong);
  g_assert_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID);
}

static void
test_keeps_ticket(Fixture *fixture, gconstpointer data)
{
  in_state("subprocess/keep", fixture->directory);
}

/* What is in the file is not overwritten when it cannot be read. */
static void
damaged_in_state(void)
{
  g_autofree char *path =
      g_build_filename(g_get_user_state_dir(), "stunfwd", "server.ticket", NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  g_assert_null(fwd_credentials_keep_ticket("ws://a.example/", NULL, NULL, &error));
  g_assert_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID);
  g_assert_nonnull(strstr(error->message, path));
  g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
  g_assert_cmpstr(text, ==, "damaged");
}

static void
test_damaged_ticket(Fixture *fixture, gconstpointer data)
{
  g_autofree char *directory = path_of(fixture, "stunfwd");
  g_autofree char *path = NULL;

  g_assert_cmpint(g_mkdir(directory, 0700), ==, 0);
  path = write_file(fixture, "stunfwd/server.ticket", "damaged", -1);
  in_state("subprocess/damaged", fixture->directory);
}

static void
refused_in_state(void)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_credentials_keep_ticket("ws://a.example/", NULL, NULL, &error));
  g_assert_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_DENIED);
  g_assert_nonnull(strstr(error->message, "state directory"));
}

/* Below a regular file, not even root can make a folder. */
static void
test_no_state_directory(Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = write_file(fixture, "file", "", 0);
  g_autofree char *below = g_build_filename(file, "state", NULL);

  in_state("subprocess/refused", below);
}

#define ADD(path, test)                                                                        \
  g_test_add("/session/credentials/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("ticket-text", test_ticket_text);
  ADD("ticket-file", test_ticket_file);
  ADD("passphrase", test_passphrase);
  ADD("weak-passphrase", test_weak_passphrase);
  ADD("missing-pieces", test_missing_pieces);
  ADD("turn", test_turn);
  ADD("wrong-turn", test_wrong_turn);
  ADD("wrong-tickets", test_wrong_tickets);
  ADD("files-too-large", test_files_too_large);
  ADD("endless-file", test_endless_file);
  ADD("keeps-ticket", test_keeps_ticket);
  ADD("damaged-ticket", test_damaged_ticket);
  ADD("no-state-directory", test_no_state_directory);
  g_test_add_func("/session/credentials/subprocess/keep", keep_in_state);
  g_test_add_func("/session/credentials/subprocess/damaged", damaged_in_state);
  g_test_add_func("/session/credentials/subprocess/refused", refused_in_state);
  return g_test_run();
}
