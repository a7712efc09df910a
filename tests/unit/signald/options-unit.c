/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <glib/gstdio.h>
#include <stunfwd/error.h>
#include <unistd.h>

static FwdOptions *
parse(const char *line, GError **error)
{
  g_autofree char *text = g_strconcat("stunfwd-signald ", line, NULL);
  g_auto(GStrv) arguments = g_strsplit(g_strchomp(text), " ", -1);

  return fwd_options_parse(&arguments, error);
}

static FwdOptions *
parse_good(const char *line)
{
  g_autoptr(GError) error = NULL;
  FwdOptions *options = parse(line, &error);

  g_assert_no_error(error);
  return options;
}

static void
assert_endpoints(const GArray *endpoints, const char *expected)
{
  g_autoptr(GString) text = g_string_new(NULL);

  for (guint i = 0; i < endpoints->len; i++) {
    g_autofree char *one = fwd_endpoint_to_string(&g_array_index(endpoints, FwdEndpoint, i));

    g_string_append_printf(text, "%s%s", i > 0 ? " " : "", one);
  }
  g_assert_cmpstr(text->str, ==, expected);
}

static void
test_defaults(void)
{
  g_autoptr(FwdOptions) options = parse_good("");

  assert_endpoints(options->listen, "127.0.0.1:8080");
  assert_endpoints(options->stun, "127.0.0.1:3478 127.0.0.1:3479");
  assert_endpoints(options->stun_alternate, "");
  g_assert_null(options->certificate);
  g_assert_null(options->public_host);
  g_assert_cmpuint(options->max_rooms, ==, 10000);
  g_assert_cmpuint(options->rate, ==, 100);
  g_assert_true(options->relay);
  g_assert_cmpuint(options->relay_rate, ==, 0);
  g_assert_false(options->version);
}

static void
test_all(void)
{
  g_autoptr(FwdOptions) options = parse_good(
      "--listen 192.0.2.1:80 --listen [::1]:8080 --stun 192.0.2.1:3478 --stun-alternate "
      "192.0.2.2:3479 --store memory --public-url wss://signal.example.org/x --max-rooms 5 "
      "--rate 7 --relay off --relay-rate 1000000");

  assert_endpoints(options->listen, "192.0.2.1:80 [::1]:8080");
  assert_endpoints(options->stun, "192.0.2.1:3478");
  assert_endpoints(options->stun_alternate, "192.0.2.2:3479");
  g_assert_cmpstr(options->public_host, ==, "signal.example.org");
  g_assert_cmpuint(options->max_rooms, ==, 5);
  g_assert_cmpuint(options->rate, ==, 7);
  g_assert_false(options->relay);
  g_assert_cmpuint(options->relay_rate, ==, 1000000);
}

static void
test_default_stun_follows_listen(void)
{
  g_autoptr(FwdOptions) options =
      parse_good("--listen 0.0.0.0:80 --listen 0.0.0.0:81 --listen [::]:80");

  assert_endpoints(options->stun, "0.0.0.0:3478 [::]:3478 0.0.0.0:3479 [::]:3479");
}

static void
test_no_stun(void)
{
  g_autoptr(FwdOptions) options = parse_good("--stun none");

  assert_endpoints(options->stun, "");
}

static char *
write_secret(const char *text)
{
  char *path = NULL;
  int fd = g_file_open_tmp("secret-XXXXXX", &path, NULL);

  g_assert_cmpint(fd, >=, 0);
  close(fd);
  g_assert_true(g_file_set_contents(path, text, -1, NULL));
  return path;
}

static void
test_turn(void)
{
  g_autofree char *file = write_secret("north\nsouth\n");
  g_autofree char *line = g_strdup_printf(
      "--turn-uri turn:192.0.2.1 --turn-uri turns:192.0.2.1:443 --turn-secret-file %s", file);
  g_autoptr(FwdOptions) options = parse_good(line);
  g_autoptr(GPtrArray) servers = fwd_turn_credentials_make(options->turn, 0);

  g_assert_cmpuint(servers->len, ==, 2);
  g_assert_cmpstr(((FwdTurnServer *)servers->pdata[1])->uri, ==, "turns:192.0.2.1:443");
  g_unlink(file);
}

static void
test_empty_turn_secret(void)
{
  g_autofree char *file = write_secret("\nnorth\n");
  g_autofree char *line =
      g_strdup_printf("--turn-uri turn:192.0.2.1 --turn-secret-file %s", file);
  g_autoptr(GError) error = NULL;

  g_assert_null(parse(line, &error));
  g_assert_nonnull(strstr(error->message, "the first line is empty"));
  g_unlink(file);
}

static void
test_wrong(void)
{
  static const struct {
    const char *line;
    const char *start; /* of the message */
  } cases[] = {
      {"--listen 8080", "--listen 8080: "},
      {"--listen localhost:80", "--listen localhost:80: "},
      {"--listen 127.0.0.1:70000", "--listen 127.0.0.1:70000: "},
      {"--stun x", "--stun x: "},
      {"--stun none --stun 127.0.0.1:1", "--stun none: "},
      {"--stun-alternate y", "--stun-alternate y: "},
      {"--stun none --stun-alternate 127.0.0.2:1", "--stun-alternate 127.0.0.2:1: "},
      {"--store redis://localhost/0", "--store redis://localhost/0: "},
      {"--public-url nonsense", "--public-url nonsense: "},
      {"--max-rooms 0", "--max-rooms 0: "},
      {"--turn-uri turn:192.0.2.1", "--turn-uri turn:192.0.2.1: "},
      {"--turn-secret-file /none", "--turn-secret-file /none: "},
      {"--turn-uri stun:a --turn-secret-file /dev/null", "--turn-uri stun:a: "},
      {"--turn-uri turn:a --turn-secret-file /none/a", "--turn-secret-file: "},
      {"--turn-uri turn:a --turn-secret-file /dev/zero", "--turn-secret-file: "},
      {"--turn-uri turn:a --turn-uri turn:a --turn-uri turn:a --turn-uri turn:a --turn-uri "
       "turn:b --turn-secret-file /none",
       "--turn-uri turn:b: "},
      {"--rate -1", "--rate -1: "},
      {"--rate 10000000", "--rate 10000000: "},
      {"--tls-cert a", "--tls-cert a: "},
      {"--tls-key b", "--tls-key b: "},
      {"--tls-cert /none/a --tls-key /none/b", "--tls-cert /none/a, --tls-key /none/b: "},
      {"stray", "argument stray: "},
      {"--relay maybe", "--relay maybe: "},
      {"--relay-rate -1", "--relay-rate -1: "},
      {"--relay-rate 2000000000000", "--relay-rate 2000000000000: "},
      {"--relay-rate fast", "Cannot parse"},
      {"--relays on", "Unknown option --relays"},
      {"--rate many", "Cannot parse integer value"},
      {"--listen", "Missing argument"},
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;

    g_assert_null(parse(cases[i].line, &error));
    g_assert_nonnull(error);
    if (!g_str_has_prefix(error->message, cases[i].start))
      g_error("%s: %s", cases[i].line, error->message);
    g_assert_null(strchr(error->message, '\n'));
  }
}

static void
test_version(void)
{
  g_autoptr(FwdOptions) options = parse_good("--version");

  g_assert_true(options->version);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/options/defaults", test_defaults);
  g_test_add_func("/options/all", test_all);
  g_test_add_func("/options/default-stun-follows-listen", test_default_stun_follows_listen);
  g_test_add_func("/options/no-stun", test_no_stun);
  g_test_add_func("/options/turn", test_turn);
  g_test_add_func("/options/empty-turn-secret", test_empty_turn_secret);
  g_test_add_func("/options/wrong", test_wrong);
  g_test_add_func("/options/version", test_version);
  return g_test_run();
}
