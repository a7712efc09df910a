/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/port-allocation.h"

#define SAMPLES 8

typedef struct {
  const char *name;
  guint count;
  guint16 mapped[SAMPLES]; /* the local ports are 50000, 50002, 50004... */
  FwdPortPattern pattern;
  gint delta;
  guint spread;
} Case;

static const Case cases[] = {
    {"nothing", 0, {0}, FWD_PORTS_UNKNOWN, 0, 0},
    {"two", 2, {20000, 20001}, FWD_PORTS_UNKNOWN, 0, 0},
    {"preserved", 4, {50000, 50002, 50004, 50006}, FWD_PORTS_PRESERVED, 0, 0},
    {"one-was-taken", 4, {50000, 1234, 50004, 50006}, FWD_PORTS_PRESERVED, 0, 0},
    {"half-preserved", 4, {50000, 1234, 50004, 60001}, FWD_PORTS_RANDOM, 0, 0},
    {"one-by-one", 5, {20000, 20001, 20002, 20003, 20004}, FWD_PORTS_SEQUENTIAL, 1, 0},
    {"downwards", 4, {20000, 19998, 19996, 19994}, FWD_PORTS_SEQUENTIAL, -2, 0},
    {"large-step", 4, {10000, 11000, 12000, 13000}, FWD_PORTS_SEQUENTIAL, 1000, 0},
    {"others-between",
     6,
     {20000, 20002, 20006, 20008, 20010, 20016},
     FWD_PORTS_SEQUENTIAL,
     2,
     4},
    {"never-alike", 4, {20000, 20004, 20010, 20024}, FWD_PORTS_SEQUENTIAL, 2, 12},
    {"wraps", 6, {65534, 65535, 0, 1, 2, 3}, FWD_PORTS_SEQUENTIAL, 1, 0},
    {"pool-wraps", 6, {28190, 28191, 20000, 20001, 20002, 20003}, FWD_PORTS_SEQUENTIAL, 1, 0},
    {"random", 6, {41022, 3977, 62011, 17002, 17010, 58812}, FWD_PORTS_RANDOM, 0, 0},
    {"to-and-fro", 6, {20000, 20004, 19999, 20007, 20001, 20030}, FWD_PORTS_RANDOM, 0, 0},
    {"always-one", 4, {20000, 20000, 20000, 20000}, FWD_PORTS_RANDOM, 0, 0},
};

static void
test_case(gconstpointer data)
{
  const Case *example = data;
  FwdPortSample samples[SAMPLES];
  FwdPortAllocation judged;

  for (guint i = 0; i < example->count; i++)
    samples[i] = (FwdPortSample){(guint16)(50000 + 2 * i), example->mapped[i]};
  judged = fwd_port_allocation_judge(samples, example->count);
  g_assert_cmpint(judged.pattern, ==, example->pattern);
  g_assert_cmpint(judged.delta, ==, example->delta);
  g_assert_cmpuint(judged.spread, ==, example->spread);
}

/* The busier the NAT, the fewer steps are alike; the step is found all the same. */
static void
test_busy(void)
{
  for (gint delta = -8; delta <= 8; delta++) {
    FwdPortSample samples[SAMPLES];
    guint16 next = 30000;

    if (delta == 0)
      continue;
    for (guint i = 0; i < SAMPLES; i++) {
      samples[i] = (FwdPortSample){(guint16)(50000 + i), next};
      next = (guint16)(next + delta * (i % 3 == 0 ? 3 : 1));
    }
    g_assert_cmpint(fwd_port_allocation_judge(samples, SAMPLES).delta, ==, delta);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = g_strdup_printf("/port-allocation/%s", cases[i].name);

    g_test_add_data_func(path, &cases[i], test_case);
  }
  g_test_add_func("/port-allocation/busy", test_busy);
  return g_test_run();
}
