/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/nat-unknown.h"

#include <string.h>

/* The words of what is unknown, in order, with a blank after each. */
static char *
words(const FwdNatReport *report)
{
  FwdNatUnknown list[FWD_NAT_UNKNOWN_MAX];
  guint count = fwd_nat_list_unknown(report, FALSE, list);
  g_autoptr(GString) text = g_string_new(NULL);

  g_assert_cmpuint(count, <=, FWD_NAT_UNKNOWN_MAX);
  for (guint i = 0; i < count; i++) {
    g_assert_cmpstr(list[i].why, !=, "");
    g_string_append_printf(text, "%s ", list[i].what);
  }
  return g_string_free(g_steal_pointer(&text), FALSE);
}

static const FwdNatReport complete = {
    .mapping = FWD_NAT_ENDPOINT_INDEPENDENT,
    .filtering = FWD_NAT_ADDRESS_DEPENDENT,
    .hairpinning = FWD_ANSWER_NO,
    .ports = FWD_PORTS_PRESERVED,
    .lifetime_seconds = 120,
    .hops = 1,
    .public_addresses = 1,
};

static void
assert_unknown(const FwdNatReport *report, const char *expected)
{
  g_autofree char *text = words(report);

  g_assert_cmpstr(text, ==, expected);
}

static void
test_each(void)
{
  FwdNatReport report = complete;

  assert_unknown(&report, "");
  report.mapping = FWD_NAT_UNKNOWN;
  report.hairpinning = FWD_ANSWER_UNKNOWN;
  report.hops = 0;
  assert_unknown(&report, "mapping hairpinning hops ");
  report = complete;
  report.filtering = FWD_NAT_UNKNOWN;
  report.ports = FWD_PORTS_UNKNOWN;
  report.lifetime_seconds = 0;
  assert_unknown(&report, "filtering ports lifetime_seconds ");
  assert_unknown(&(FwdNatReport){.udp_blocked = TRUE}, "mapping filtering ports ");
}

static void
test_no_nat_lacks_nothing(void)
{
  assert_unknown(
      &(FwdNatReport){.mapping = FWD_NAT_NONE, .filtering = FWD_NAT_ENDPOINT_INDEPENDENT}, "");
}

/* The reason is the true one. */
static void
test_reasons(void)
{
  FwdNatUnknown list[FWD_NAT_UNKNOWN_MAX];
  FwdNatReport report = complete;

  report.filtering = FWD_NAT_UNKNOWN;
  g_assert_cmpuint(fwd_nat_list_unknown(&report, TRUE, list), ==, 1);
  g_assert_nonnull(strstr(list[0].why, "no STUN server that answered has"));
  report.has_second_address = TRUE;
  fwd_nat_list_unknown(&report, TRUE, list);
  g_assert_nonnull(strstr(list[0].why, "did not answer from"));

  report = complete;
  report.lifetime_seconds = 0;
  fwd_nat_list_unknown(&report, FALSE, list);
  g_assert_nonnull(strstr(list[0].why, "--lifetime"));
  fwd_nat_list_unknown(&report, TRUE, list);
  g_assert_nonnull(strstr(list[0].why, "RESPONSE-PORT"));
  report.ports = FWD_PORTS_RANDOM;
  fwd_nat_list_unknown(&report, TRUE, list);
  g_assert_nonnull(strstr(list[0].why, "stopped answering"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/nat-unknown/each", test_each);
  g_test_add_func("/nat-unknown/no-nat", test_no_nat_lacks_nothing);
  g_test_add_func("/nat-unknown/reasons", test_reasons);
  return g_test_run();
}
