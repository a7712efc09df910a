/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/nat-figures.h"

static const FwdNatReport cone = {
    .mapping = FWD_NAT_ENDPOINT_INDEPENDENT,
    .public_addresses = 1,
};

static const FwdNatSurveyResult surveyed = {
    .ports = {FWD_PORTS_SEQUENTIAL, 2, 1},
    .hairpinning = FWD_ANSWER_YES,
    .hops = 2,
    .public_addresses = 3,
};

/* In whatever order the measurements end, the report has all of them. */
static void
test_order(void)
{
  FwdNatFigures early = {0}, late = {0};

  fwd_nat_figures_set_survey(&early, &surveyed);
  fwd_nat_figures_set_lifetime(&early, 60, TRUE);
  fwd_nat_figures_set_run(&early, &cone, TRUE);
  fwd_nat_figures_set_run(&late, &cone, TRUE);
  fwd_nat_figures_set_lifetime(&late, 45, FALSE);
  fwd_nat_figures_set_lifetime(&late, 60, TRUE);
  fwd_nat_figures_set_survey(&late, &surveyed);
  g_assert_cmpmem(&early.report, sizeof early.report, &late.report, sizeof late.report);
  g_assert_cmpint(late.report.mapping, ==, FWD_NAT_ENDPOINT_INDEPENDENT);
  g_assert_cmpint(late.report.ports, ==, FWD_PORTS_SEQUENTIAL);
  g_assert_cmpint(late.report.port_delta, ==, 2);
  g_assert_cmpuint(late.report.port_spread, ==, 1);
  g_assert_cmpuint(late.report.hops, ==, 2);
  g_assert_cmpuint(late.report.public_addresses, ==, 3);
  g_assert_cmpuint(late.report.lifetime_seconds, ==, 60);
}

/* A survey of before, behind a NAT, says nothing of a host without one. */
static void
test_no_nat(void)
{
  FwdNatFigures figures = {0};
  FwdNatReport open = {.mapping = FWD_NAT_NONE, .ports = FWD_PORTS_PRESERVED};

  fwd_nat_figures_set_run(&figures, &cone, TRUE);
  fwd_nat_figures_set_survey(&figures, &surveyed);
  fwd_nat_figures_set_run(&figures, &open, FALSE);
  g_assert_cmpmem(&figures.report, sizeof open, &open, sizeof open);
}

static void
test_forget(void)
{
  FwdNatFigures figures = {0};

  fwd_nat_figures_set_memory(&figures, "/dev/null/networks");
  fwd_nat_figures_set_run(&figures, &cone, TRUE);
  fwd_nat_figures_set_survey(&figures, &surveyed);
  fwd_nat_figures_forget(&figures);
  g_assert_cmpint(figures.report.mapping, ==, FWD_NAT_UNKNOWN);
  fwd_nat_figures_set_run(&figures, &cone, TRUE);
  g_assert_cmpuint(figures.report.hops, ==, 0);
  fwd_nat_figures_clear(&figures);
}

/* What a signaling server sees is the public endpoint only where no STUN server answers. */
static void
test_seen_at(void)
{
  FwdNatFigures figures = {0};
  FwdNatReport blocked = {.udp_blocked = TRUE};
  FwdEndpoint seen4, seen6;

  g_assert_true(fwd_endpoint_parse("203.0.113.7:5000", &seen4, NULL));
  g_assert_true(fwd_endpoint_parse("[2001:db8::7]:5000", &seen6, NULL));
  fwd_nat_figures_set_seen_at(&figures, &seen4);
  g_assert_cmpint(fwd_endpoint_family(&figures.report.public4), ==, AF_UNSPEC);
  fwd_nat_figures_set_run(&figures, &blocked, FALSE);
  g_assert_true(fwd_endpoint_equal(&figures.report.public4, &seen4));
  fwd_nat_figures_set_seen_at(&figures, &seen6);
  g_assert_true(fwd_endpoint_equal(&figures.report.public6, &seen6));
  g_assert_cmpint(fwd_endpoint_family(&figures.report.public4), ==, AF_UNSPEC);
  fwd_nat_figures_unblock(&figures);
  g_assert_false(figures.report.udp_blocked);
  g_assert_cmpint(fwd_endpoint_family(&figures.report.public6), ==, AF_UNSPEC);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/nat-figures/order", test_order);
  g_test_add_func("/nat-figures/no-nat", test_no_nat);
  g_test_add_func("/nat-figures/forget", test_forget);
  g_test_add_func("/nat-figures/seen-at", test_seen_at);
  return g_test_run();
}
