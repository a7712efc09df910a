/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/network-memory.h"

#include <glib/gstdio.h>
#include <string.h>

#define NOW     1700000000
#define DAY     (24 * 60 * 60)
#define NETWORK "0123456789abcdef"

typedef struct {
  char *folder, *inner, *path;
} Fixture;

static const FwdNatReport sequential = {
    .ports = FWD_PORTS_SEQUENTIAL,
    .port_delta = -3,
    .port_spread = 7,
    .hairpinning = FWD_ANSWER_YES,
    .hops = 2,
    .lifetime_seconds = 90,
};

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp("network-memory-XXXXXX", NULL);
  fixture->inner = g_build_filename(fixture->folder, "stunfwd", NULL);
  fixture->path = g_build_filename(fixture->inner, "networks", NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_unlink(fixture->path);
  g_rmdir(fixture->inner);
  g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
  g_free(fixture->path);
  g_free(fixture->inner);
  g_free(fixture->folder);
}

static void
write_text(Fixture *fixture, const char *text)
{
  g_mkdir(fixture->inner, 0700);
  g_assert_true(g_file_set_contents(fixture->path, text, -1, NULL));
}

static void
test_round_trip(Fixture *fixture, gconstpointer data)
{
  FwdNatReport report = {0};

  g_assert_false(fwd_network_memory_recall(fixture->path, NETWORK, NOW, &report));
  fwd_network_memory_keep(fixture->path, NETWORK, NOW, &sequential);
  g_assert_false(fwd_network_memory_recall(fixture->path, "another", NOW, &report));
  g_assert_true(fwd_network_memory_recall(fixture->path, NETWORK, NOW + DAY, &report));
  g_assert_cmpmem(&report, sizeof report, &sequential, sizeof sequential);
}

/* What was measured now is better than what is remembered. */
static void
test_fills_gaps_only(Fixture *fixture, gconstpointer data)
{
  FwdNatReport report = {.ports = FWD_PORTS_RANDOM, .hops = 1};

  fwd_network_memory_keep(fixture->path, NETWORK, NOW, &sequential);
  g_assert_true(fwd_network_memory_recall(fixture->path, NETWORK, NOW, &report));
  g_assert_cmpint(report.ports, ==, FWD_PORTS_RANDOM);
  g_assert_cmpint(report.port_delta, ==, 0);
  g_assert_cmpuint(report.hops, ==, 1);
  g_assert_cmpuint(report.lifetime_seconds, ==, 90);
}

static void
test_age(Fixture *fixture, gconstpointer data)
{
  const gint64 limit = NOW + (gint64)FWD_NETWORK_MEMORY_DAYS * DAY;
  FwdNatReport report = {0};

  fwd_network_memory_keep(fixture->path, NETWORK, NOW, &sequential);
  g_assert_true(fwd_network_memory_recall(fixture->path, NETWORK, limit, &report));
  g_assert_false(fwd_network_memory_recall(fixture->path, NETWORK, limit + 1, &report));
  /* From the future: a clock that was wrong. */
  g_assert_false(fwd_network_memory_recall(fixture->path, NETWORK, NOW - 1, &report));
}

static void
test_hostile(Fixture *fixture, gconstpointer data)
{
  const FwdNatReport none = {0};
  FwdNatReport report = {0};
  g_autofree char *huge = g_strnfill(1 << 20, '#');

  write_text(fixture,
             "[" NETWORK "]\nseen=1700000000\nports=sequential\ndelta=70000\nspread=-1\n"
             "hairpinning=3\nhops=256\nlifetime=99999999999\n");
  g_assert_true(fwd_network_memory_recall(fixture->path, NETWORK, NOW, &report));
  g_assert_cmpmem(&report, sizeof report, &none, sizeof none);
  write_text(fixture, "[" NETWORK "]\nseen=soon\n");
  g_assert_false(fwd_network_memory_recall(fixture->path, NETWORK, NOW, &report));
  write_text(fixture, "no key file");
  g_assert_false(fwd_network_memory_recall(fixture->path, NETWORK, NOW, &report));
  write_text(fixture, huge);
  g_assert_false(fwd_network_memory_recall(fixture->path, NETWORK, NOW, &report));
  /* It is replaced by a good one. */
  fwd_network_memory_keep(fixture->path, NETWORK, NOW, &sequential);
  g_assert_true(fwd_network_memory_recall(fixture->path, NETWORK, NOW, &report));
}

static void
test_limit(Fixture *fixture, gconstpointer data)
{
  FwdNatReport report = {0};

  for (guint i = 0; i < FWD_NETWORK_MEMORY_MAX + 3; i++) {
    g_autofree char *network = g_strdup_printf("%016x", i);

    fwd_network_memory_keep(fixture->path, network, NOW + i, &sequential);
  }
  g_assert_false(
      fwd_network_memory_recall(fixture->path, "0000000000000002", NOW + DAY, &report));
  g_assert_true(
      fwd_network_memory_recall(fixture->path, "0000000000000003", NOW + DAY, &report));
}

#define ADD(path, test)                                                                        \
  g_test_add("/network-memory/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("round-trip", test_round_trip);
  ADD("fills-gaps-only", test_fills_gaps_only);
  ADD("age", test_age);
  ADD("hostile", test_hostile);
  ADD("limit", test_limit);
  return g_test_run();
}
