/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/ticket.h"

#include <glib/gstdio.h>
#include <stunfwd/error.h>
#include <string.h>

#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static FwdTicket *
parse(const char *text)
{
  g_autoptr(GError) error = NULL;
  FwdTicket *ticket = fwd_ticket_parse(text, &error);

  g_assert_no_error(error);
  return ticket;
}

static void
check_text(const FwdTicket *ticket, const char *expected)
{
  g_autofree char *text = fwd_ticket_to_string(ticket);
  g_assert_cmpstr(text, ==, expected);
}

static void
check_url(const char *text, const char *url)
{
  g_autoptr(FwdTicket) ticket = parse(text);
  g_autofree char *actual = g_uri_to_string(ticket->url);

  g_assert_cmpstr(actual, ==, url);
  for (guint i = 0; i < FWD_SECRET_SIZE; i++)
    g_assert_cmpuint(ticket->secret[i], ==, i);
}

static void
test_parse(void)
{
  check_url("stunfwd://example.org?t=ws#" SECRET, "ws://example.org");
  check_url("stunfwd://example.org/#" SECRET, "ws://example.org/");
  check_url("stunfwd://example.org#" SECRET, "ws://example.org");
  check_url("STUNFWD://example.org:8443/a/b%20c?t=wss#" SECRET,
            "wss://example.org:8443/a/b%20c");
  check_url("stunfwd://192.0.2.1:80/s.php?t=http#" SECRET, "http://192.0.2.1:80/s.php");
  check_url("stunfwd://[2001:db8::1]:1883?t=mqtt#" SECRET, "mqtt://[2001:db8::1]:1883");
  check_url("stunfwd://h?t=HTTP#" SECRET, "http://h");
  check_url("stunfwd://h?t=https&later=1&x=#" SECRET, "https://h");
  check_url(" \r\n\tstunfwd://h?t=mqtts#" SECRET " \n\n", "mqtts://h");
}

static void
test_stun(void)
{
  g_autoptr(FwdTicket) ticket =
      parse("stunfwd://h/?t=ws&stun=a:3478&stun=%5b2001:db8::1%5D:5#" SECRET);

  g_assert_cmpuint(g_strv_length(ticket->stun), ==, 2);
  g_assert_cmpstr(ticket->stun[0], ==, "a:3478");
  g_assert_cmpstr(ticket->stun[1], ==, "[2001:db8::1]:5");
  check_text(ticket, "stunfwd://h/?t=ws&stun=a:3478&stun=%5B2001:db8::1%5D:5#" SECRET);
}

static void
test_round_trip(void)
{
  static const char *const texts[] = {
      "stunfwd://example.org?t=ws#" SECRET,
      "stunfwd://example.org/?t=wss#" SECRET,
      "stunfwd://[::1]:8080/a%20b?t=http&stun=a:1&stun=b:2#" SECRET,
  };

  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(FwdTicket) ticket = parse(texts[i]);
    check_text(ticket, texts[i]);
  }
}

static void
test_new(void)
{
  static const char *const stun[] = {"stun.example.org:3478", NULL};
  g_autoptr(GUri) url = g_uri_parse("ws://[::1]:8080/a b", G_URI_FLAGS_PARSE_RELAXED, NULL);
  g_autoptr(FwdTicket) ticket = fwd_ticket_new(url, stun);
  g_autoptr(FwdTicket) other = fwd_ticket_new(url, NULL);
  g_autofree char *text = fwd_ticket_to_string(ticket);
  g_autoptr(FwdTicket) again = parse(text);

  g_assert_true(
      g_str_has_prefix(text, "stunfwd://[::1]:8080/a%20b?t=ws&stun=stun.example.org:3478#"));
  g_assert_cmpmem(ticket->secret, FWD_SECRET_SIZE, again->secret, FWD_SECRET_SIZE);
  g_assert_cmpstrv(ticket->stun, again->stun);
  g_assert_true(memcmp(ticket->secret, other->secret, FWD_SECRET_SIZE) != 0);
  g_assert_null(other->stun);
}

typedef struct {
  const char *text, *fragment;
} BadTicket;

static const BadTicket bad_tickets[] = {
    {"", "does not start with stunfwd://"},
    {"http://h/#" SECRET, "does not start with stunfwd://"},
    {"stunfwd:h#" SECRET, "does not start with"},
    {"stunfwd://h/?t=ws", "no # with the secret"},
    {"stunfwd://h/?t=ws%23" SECRET, "no # with the secret"},
    {"stunfwd://h/#", "has 0 characters, not 43"},
    {"stunfwd://h/#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd",
     "the secret after # has 40 characters, not 43: was the ticket pasted whole?"},
    {"stunfwd://h/#" SECRET "A", "has 44 characters, not 43"},
    {"stunfwd://h/#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9", "not base64url"},
    {"stunfwd://h/#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+", "not base64url"},
    {"stunfwd://h/#AAECAwQFBgcICQoLDA0ODxAR#hMUFRYXGBkaGxwdHh8", "not base64url"},
    {"stunfwd://h/#AAECAwQFBgcICQoLDA0\nODxAREhMUFRYXGBkaGxwdHh8",
     "white space at character 33: was it broken into lines?"},
    {"stunfwd://h\xc3\xa9/#" SECRET, "a character that no ticket has"},
    {"stunfwd://user@h/#" SECRET, "user name or password"},
    {"stunfwd://user:word@h/#" SECRET, "user name or password"},
    {"stunfwd://@h/#" SECRET, "user name or password"},
    {"stunfwd:///path#" SECRET, "has no host"},
    {"stunfwd://?t=ws#" SECRET, "has no host"},
    {"stunfwd://-h/#" SECRET, "neither a host name nor an address"},
    {"stunfwd://[fe80::1%25lo]/#" SECRET, "neither a host name nor an address"},
    {"stunfwd://1.2.3/#" SECRET, "neither a host name nor an address"},
    {"stunfwd://[::1/#" SECRET, "malformed"},
    {"stunfwd://h:0/#" SECRET, "port is 0"},
    {"stunfwd://h:65536/#" SECRET, "malformed"},
    {"stunfwd://h:x/#" SECRET, "malformed"},
    {"stunfwd://h/?t=ftp#" SECRET, "is none of"},
    {"stunfwd://h/?t=#" SECRET, "is none of"},
    {"stunfwd://h/?stun=a#" SECRET, "STUN server a is not HOST:PORT"},
    {"stunfwd://h/?stun=a:1&stun=b:0#" SECRET, "STUN server b:0 is not HOST:PORT"},
    {"stunfwd://h/?stun=a%0a:1#" SECRET, "STUN server a\\n:1 is not HOST:PORT"},
    {"stunfwd://h/?t=%ff#" SECRET, "parameters after ? are malformed"},
    {"stunfwd://h/?stun=a:1&stun=a:1&stun=a:1&stun=a:1&stun=a:1&stun=a:1&stun=a:1&stun=a:1"
     "&stun=a:1#" SECRET,
     "more than 8 STUN servers"},
};

static void
test_bad(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(bad_tickets); i++) {
    g_autoptr(GError) error = NULL;
    g_test_message("%s", bad_tickets[i].fragment);
    g_assert_null(fwd_ticket_parse(bad_tickets[i].text, &error));
    g_assert_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, bad_tickets[i].fragment));
    g_assert_null(strstr(error->message, "AAEC"));
    g_assert_null(strchr(error->message, '\n'));
  }
}

static char *
ticket_of_length(gsize length)
{
  g_autofree char *path = g_strnfill(length - strlen("stunfwd://h/?t=ws#" SECRET), 'p');
  return g_strdup_printf("stunfwd://h/%s?t=ws#" SECRET, path);
}

static void
test_length(void)
{
  g_autofree char *longest = ticket_of_length(FWD_TICKET_MAX);
  g_autofree char *longer = ticket_of_length(FWD_TICKET_MAX + 1);
  g_autoptr(FwdTicket) ticket = parse(longest);
  g_autoptr(GError) error = NULL;

  check_text(ticket, longest);
  g_assert_null(fwd_ticket_parse(longer, &error));
  g_assert_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID);
  g_assert_nonnull(strstr(error->message, "longer than 2048"));
}

static void
test_check(void)
{
  static const BadTicket cases[] = {
      {"ftp://h", "scheme"},   {"ws://u@h", "user name"},
      {"ws://h?a=b", "query"}, {"ws://h#f", "fragment"},
      {"ws:///x", "no host"},  {"ws://a%20b", "neither a host name"},
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GUri) url = g_uri_parse(cases[i].text, G_URI_FLAGS_NONE, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_false(fwd_ticket_check(url, NULL, &error));
    g_assert_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, cases[i].fragment));
  }
}

typedef struct {
  char *directory, *path;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->directory = g_dir_make_tmp("ticket-XXXXXX", NULL);
  fixture->path = g_build_filename(fixture->directory, "ticket", NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_unlink(fixture->path);
  g_rmdir(fixture->directory);
  g_free(fixture->path);
  g_free(fixture->directory);
}

static void
check_saved(const char *text, const char *path)
{
  g_autoptr(FwdTicket) ticket = parse(text);
  g_autoptr(FwdTicket) loaded = NULL;
  g_autoptr(GError) error = NULL;
  GStatBuf status;

  g_assert_true(fwd_ticket_save(ticket, path, &error));
  g_assert_no_error(error);
  g_assert_cmpint(g_stat(path, &status), ==, 0);
  g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
  loaded = fwd_ticket_load(path, &error);
  g_assert_no_error(error);
  check_text(loaded, text);
}

static void
test_save(Fixture *fixture, gconstpointer data)
{
  g_autofree char *longest = ticket_of_length(FWD_TICKET_MAX);

  check_saved("stunfwd://h/?t=ws#" SECRET, fixture->path);
  check_saved(longest, fixture->path);
}

/* A ticket that others could read is closed to them when it is written again. */
static void
test_save_over(Fixture *fixture, gconstpointer data)
{
  g_assert_true(g_file_set_contents(fixture->path, "old", -1, NULL));
  g_assert_cmpint(g_chmod(fixture->path, 0644), ==, 0);
  check_saved("stunfwd://h/?t=ws#" SECRET, fixture->path);
}

static void
test_save_fails(Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename(fixture->directory, "none", "ticket", NULL);
  g_autoptr(FwdTicket) ticket = parse("stunfwd://h/?t=ws#" SECRET);
  g_autoptr(GError) error = NULL;

  g_assert_false(fwd_ticket_save(ticket, path, &error));
  g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static void
check_load(const char *path, const char *contents, const char *fragment)
{
  g_autoptr(FwdTicket) ticket = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_true(g_file_set_contents(path, contents, -1, NULL));
  ticket = fwd_ticket_load(path, &error);
  if (fragment == NULL) {
    g_assert_no_error(error);
    g_assert_nonnull(ticket);
    return;
  }
  g_assert_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID);
  g_assert_nonnull(strstr(error->message, path));
  g_assert_nonnull(strstr(error->message, fragment));
}

static void
test_load(Fixture *fixture, gconstpointer data)
{
  g_autofree char *large = g_strnfill(FWD_TICKET_MAX + 3, '\n');
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_ticket_load(fixture->path, &error));
  g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  check_load(fixture->path, "stunfwd://h/?t=ws#" SECRET, NULL);
  check_load(fixture->path, "stunfwd://h/?t=ws#" SECRET "\r\nnotes\n", NULL);
  check_load(fixture->path, "", "does not start with");
  check_load(fixture->path, "\nstunfwd://h/?t=ws#" SECRET, "does not start with");
  check_load(fixture->path, large, "longer than a ticket");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/ticket/parse", test_parse);
  g_test_add_func("/ticket/stun", test_stun);
  g_test_add_func("/ticket/round-trip", test_round_trip);
  g_test_add_func("/ticket/new", test_new);
  g_test_add_func("/ticket/bad", test_bad);
  g_test_add_func("/ticket/length", test_length);
  g_test_add_func("/ticket/check", test_check);
  g_test_add("/ticket/save", Fixture, NULL, set_up, test_save, tear_down);
  g_test_add("/ticket/save/over", Fixture, NULL, set_up, test_save_over, tear_down);
  g_test_add("/ticket/save/fails", Fixture, NULL, set_up, test_save_fails, tear_down);
  g_test_add("/ticket/load", Fixture, NULL, set_up, test_load, tear_down);
  return g_test_run();
}
