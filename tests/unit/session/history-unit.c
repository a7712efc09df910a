/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/history.h"

#include <glib/gstdio.h>

typedef struct {
  char *folder;
  char *path; /* in a folder that is not there yet */
  FwdEndpoint here, there;
} Fixture;

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint value;

  g_assert_true(fwd_endpoint_parse(text, &value, NULL));
  return value;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp("history-XXXXXX", NULL);
  g_assert_nonnull(fixture->folder);
  fixture->path = g_build_filename(fixture->folder, "stunfwd", "history", NULL);
  fixture->here = endpoint("192.0.2.1:1000");
  fixture->there = endpoint("198.51.100.1:2000");
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_autofree char *inner = g_path_get_dirname(fixture->path);

  g_unlink(fixture->path);
  g_rmdir(inner);
  g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
  g_free(fixture->path);
  g_free(fixture->folder);
}

static void
record(FwdHistory *history, const Fixture *fixture, const char *strategy, gboolean success)
{
  fwd_history_record(history, &fixture->here, &fixture->there, strategy, success, 1000);
}

static gint
rate(const FwdHistory *history, const Fixture *fixture, const char *strategy)
{
  return fwd_history_rate(history, &fixture->here, &fixture->there, strategy);
}

static gint
rate_in_file(const Fixture *fixture, const char *strategy)
{
  g_autoptr(FwdHistory) history = fwd_history_new(fixture->path);

  return rate(history, fixture, strategy);
}

/* What has worked more often goes first; one failure in between changes nothing. */
static void
test_successes(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdHistory) history = fwd_history_new(NULL);

  g_assert_cmpint(rate(history, fixture, "punch"), ==, 0);
  record(history, fixture, "punch", TRUE);
  record(history, fixture, "turn", TRUE);
  record(history, fixture, "turn", TRUE);
  g_assert_cmpint(rate(history, fixture, "punch"), >, 0);
  g_assert_cmpint(rate(history, fixture, "turn"), >, rate(history, fixture, "punch"));
  record(history, fixture, "punch", FALSE);
  g_assert_cmpint(rate(history, fixture, "punch"), >, 0);
}

/* Some failures without a success, or since the last one, count against it. */
static void
test_failures(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdHistory) history = fwd_history_new(NULL);

  record(history, fixture, "punch", FALSE);
  g_assert_cmpint(rate(history, fixture, "punch"), ==, 0);
  record(history, fixture, "punch", FALSE);
  record(history, fixture, "punch", FALSE);
  g_assert_cmpint(rate(history, fixture, "punch"), <, 0);
  record(history, fixture, "punch", TRUE);
  g_assert_cmpint(rate(history, fixture, "punch"), >, 0);
  for (guint i = 0; i < 3; i++)
    record(history, fixture, "punch", FALSE);
  g_assert_cmpint(rate(history, fixture, "punch"), <, 0);
}

/* Ports come and go; another network is another story, and so is the other strategy. */
static void
test_what_a_network_is(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdHistory) history = fwd_history_new(NULL);
  const FwdEndpoint other_port = endpoint("192.0.2.1:4444"), other = endpoint("192.0.2.2:1000");

  record(history, fixture, "punch", TRUE);
  g_assert_cmpint(fwd_history_rate(history, &other_port, &fixture->there, "punch"), >, 0);
  g_assert_cmpint(fwd_history_rate(history, &other, &fixture->there, "punch"), ==, 0);
  g_assert_cmpint(fwd_history_rate(history, &fixture->there, &fixture->here, "punch"), ==, 0);
  g_assert_cmpint(rate(history, fixture, "turn"), ==, 0);
}

/* An end whose public address is not known is no network. */
static void
test_unknown_network(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdHistory) history = fwd_history_new(fixture->path);
  const FwdEndpoint unknown = {0};

  for (guint i = 0; i < 5; i++)
    fwd_history_record(history, &unknown, &fixture->there, "punch", FALSE, 1);
  g_assert_cmpint(fwd_history_rate(history, &unknown, &fixture->there, "punch"), ==, 0);
  g_assert_false(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
}

static void
test_kept(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdHistory) history = fwd_history_new(fixture->path);

  record(history, fixture, "punch", TRUE);
  for (guint i = 0; i < 3; i++)
    record(history, fixture, "turn", FALSE);
  g_assert_cmpint(rate_in_file(fixture, "punch"), >, 0);
  g_assert_cmpint(rate_in_file(fixture, "turn"), <, 0);
}

/* Brackets and zones of IPv6 mean something in the file. */
static void
test_ipv6(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdHistory) history = NULL;

  fixture->here = endpoint("[2001:db8::1]:1000");
  fixture->there = endpoint("[2001:db8::2]:1000");
  history = fwd_history_new(fixture->path);
  record(history, fixture, "punch", TRUE);
  g_assert_cmpint(rate_in_file(fixture, "punch"), >, 0);
}

static void
write_file(const Fixture *fixture, const char *text, gssize length)
{
  g_autofree char *folder = g_path_get_dirname(fixture->path);

  g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
  g_assert_true(g_file_set_contents(fixture->path, text, length, NULL));
}

/* A bad file is an empty history, and the next record makes a good one of it. */
static void
test_bad_files(Fixture *fixture, gconstpointer data)
{
  static const char *const bad[] = {
      "",
      "punch=1;0;\n",
      "[192.0.2.1 198.51.100.1\npunch=1;0;\n",
      "[192.0.2.1 198.51.100.1]\npunch=yes\nseen=never\n",
      "[192.0.2.1 198.51.100.1]\npunch=1;2;3;4\n",
      "[192.0.2.1 198.51.100.1]\npunch=-5;-7;\n",
      "[192.0.2.1 198.51.100.1]\npunch=99999999999999999999;0;\n",
      "\xff\xfe[]=\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(FwdHistory) history = NULL;
    write_file(fixture, bad[i], -1);
    history = fwd_history_new(fixture->path);
    g_assert_cmpint(rate(history, fixture, "punch"), ==, 0);
    record(history, fixture, "punch", TRUE);
    g_assert_cmpint(rate_in_file(fixture, "punch"), ==, 1);
  }
}

/* A file that is larger than any of ours is not read, and is replaced. */
static void
test_too_large_a_file(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GString) text = g_string_new("[192.0.2.1 198.51.100.1]\npunch=7;0;\n");
  g_autoptr(FwdHistory) history = NULL;

  while (text->len <= 256 * 1024)
    g_string_append(text, "# and so on, and so on, and so on, and so on, and so on\n");
  write_file(fixture, text->str, (gssize)text->len);
  history = fwd_history_new(fixture->path);
  g_assert_cmpint(rate(history, fixture, "punch"), ==, 0);
  record(history, fixture, "turn", TRUE);
  g_assert_cmpint(rate_in_file(fixture, "punch"), ==, 0);
  g_assert_cmpint(rate_in_file(fixture, "turn"), ==, 1);
}

static FwdEndpoint
numbered(guint i)
{
  g_autofree char *text = g_strdup_printf("10.0.%u.%u:1", i / 250, i % 250 + 1);

  return endpoint(text);
}

/* The pair of networks not heard of for longest makes room, whatever the order in the file. */
static void
test_oldest_makes_room(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdHistory) history = fwd_history_new(NULL);
  FwdEndpoint first = numbered(0), second = numbered(1), last = numbered(FWD_HISTORY_MAX);

  for (guint i = 0; i < FWD_HISTORY_MAX; i++) {
    const FwdEndpoint here = numbered(i);
    fwd_history_record(history, &here, &fixture->there, "punch", TRUE, 1000 + i);
  }
  fwd_history_record(history, &first, &fixture->there, "punch", TRUE, 5000);
  g_assert_cmpint(fwd_history_rate(history, &second, &fixture->there, "punch"), ==, 1);
  fwd_history_record(history, &last, &fixture->there, "punch", TRUE, 6000);
  g_assert_cmpint(fwd_history_rate(history, &first, &fixture->there, "punch"), ==, 2);
  g_assert_cmpint(fwd_history_rate(history, &last, &fixture->there, "punch"), ==, 1);
  g_assert_cmpint(fwd_history_rate(history, &second, &fixture->there, "punch"), ==, 0);
}

/* A file with more pairs, of another version or edited by hand, comes down to the limit. */
static void
test_too_many_pairs_in_the_file(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GString) text = g_string_new(NULL);
  g_autoptr(FwdHistory) history = NULL;
  g_autoptr(GKeyFile) file = g_key_file_new();
  g_auto(GStrv) groups = NULL;

  for (guint i = 0; i < 3 * FWD_HISTORY_MAX; i++)
    g_string_append_printf(text, "[10.1.%u.%u 192.0.2.9]\npunch=1;0;\nseen=%u\n", i / 250,
                           i % 250, i);
  write_file(fixture, text->str, (gssize)text->len);
  history = fwd_history_new(fixture->path);
  record(history, fixture, "punch", TRUE);
  g_assert_true(g_key_file_load_from_file(file, fixture->path, G_KEY_FILE_NONE, NULL));
  groups = g_key_file_get_groups(file, NULL);
  g_assert_cmpuint(g_strv_length(groups), ==, FWD_HISTORY_MAX);
  g_assert_cmpint(rate_in_file(fixture, "punch"), ==, 1);
}

/* Two processes write in turns: neither undoes what the other has added. */
static void
test_two_writers(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdHistory) one = fwd_history_new(fixture->path);
  g_autoptr(FwdHistory) other = fwd_history_new(fixture->path);

  for (guint i = 0; i < 10; i++) {
    record(one, fixture, "punch", TRUE);
    record(other, fixture, "punch", TRUE);
    record(other, fixture, "turn", FALSE);
  }
  record(one, fixture, "lan", TRUE);
  g_assert_cmpint(rate_in_file(fixture, "punch"), ==, 20);
  g_assert_cmpint(rate_in_file(fixture, "turn"), ==, -1);
  g_assert_cmpint(rate(one, fixture, "turn"), ==, -1);
  g_assert_cmpint(rate_in_file(fixture, "lan"), ==, 1);
}

/* Without a place to write it is still a history. */
static void
test_not_writable(Fixture *fixture, gconstpointer data)
{
  g_autofree char *in_a_file = g_build_filename(fixture->path, "under", "it", NULL);
  g_autoptr(FwdHistory) history = NULL;

  write_file(fixture, "", 0);
  history = fwd_history_new(in_a_file);
  record(history, fixture, "punch", TRUE);
  record(history, fixture, "punch", TRUE);
  g_assert_cmpint(rate(history, fixture, "punch"), ==, 2);
}

#define ADD(name, test) g_test_add("/history/" name, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("successes", test_successes);
  ADD("failures", test_failures);
  ADD("what-a-network-is", test_what_a_network_is);
  ADD("unknown-network", test_unknown_network);
  ADD("kept", test_kept);
  ADD("ipv6", test_ipv6);
  ADD("bad-files", test_bad_files);
  ADD("too-large-a-file", test_too_large_a_file);
  ADD("oldest-makes-room", test_oldest_makes_room);
  ADD("too-many-pairs-in-the-file", test_too_many_pairs_in_the_file);
  ADD("two-writers", test_two_writers);
  ADD("not-writable", test_not_writable);
  return g_test_run();
}
