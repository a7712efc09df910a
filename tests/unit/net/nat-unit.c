/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/nat.h>

static void
test_behaviours(void)
{
  for (guint i = FWD_NAT_UNKNOWN; i <= FWD_NAT_ADDRESS_AND_PORT_DEPENDENT; i++)
    g_assert_cmpuint(fwd_nat_behaviour_from_string(fwd_nat_behaviour_to_string(i)), ==, i);
  g_assert_cmpstr(fwd_nat_behaviour_to_string(FWD_NAT_ADDRESS_DEPENDENT), ==,
                  "address-dependent");
  g_assert_cmpstr(fwd_nat_behaviour_to_string((FwdNatBehaviour)99), ==, "unknown");
  g_assert_cmpuint(fwd_nat_behaviour_from_string("None"), ==, FWD_NAT_UNKNOWN);
  g_assert_cmpuint(fwd_nat_behaviour_from_string(NULL), ==, FWD_NAT_UNKNOWN);
}

static void
test_port_patterns(void)
{
  for (guint i = FWD_PORTS_UNKNOWN; i <= FWD_PORTS_RANDOM; i++)
    g_assert_cmpuint(fwd_port_pattern_from_string(fwd_port_pattern_to_string(i)), ==, i);
  g_assert_cmpstr(fwd_port_pattern_to_string((FwdPortPattern)-1), ==, "unknown");
  g_assert_cmpuint(fwd_port_pattern_from_string(""), ==, FWD_PORTS_UNKNOWN);
}

static void
test_candidate_types(void)
{
  FwdCandidateType type = FWD_CANDIDATE_RELAYED;

  for (guint i = FWD_CANDIDATE_HOST; i <= FWD_CANDIDATE_RELAYED; i++) {
    g_assert_true(fwd_candidate_type_from_string(fwd_candidate_type_to_string(i), &type));
    g_assert_cmpuint(type, ==, i);
  }
  g_assert_false(fwd_candidate_type_from_string("unknown", &type));
  g_assert_false(fwd_candidate_type_from_string(NULL, &type));
  g_assert_cmpuint(type, ==, FWD_CANDIDATE_RELAYED);
  g_assert_cmpstr(fwd_candidate_type_to_string((FwdCandidateType)5), ==, "unknown");
}

typedef struct {
  FwdNatReport report;
  const char *name;
} Named;

static void
test_classic_names(void)
{
  static const Named named[] = {
      {{.udp_blocked = TRUE, .mapping = FWD_NAT_NONE}, "udp blocked"},
      {{0}, "unknown"},
      {{.filtering = FWD_NAT_ADDRESS_DEPENDENT}, "unknown"},
      {{.mapping = FWD_NAT_NONE}, "open internet"},
      {{.mapping = FWD_NAT_NONE, .filtering = FWD_NAT_ENDPOINT_INDEPENDENT}, "open internet"},
      {{.mapping = FWD_NAT_NONE, .filtering = FWD_NAT_ADDRESS_DEPENDENT}, "symmetric firewall"},
      {{.mapping = FWD_NAT_NONE, .filtering = FWD_NAT_ADDRESS_AND_PORT_DEPENDENT},
       "symmetric firewall"},
      {{.mapping = FWD_NAT_ENDPOINT_INDEPENDENT}, "cone"},
      {{.mapping = FWD_NAT_ENDPOINT_INDEPENDENT, .filtering = (FwdNatBehaviour)77}, "cone"},
      {{.mapping = FWD_NAT_ENDPOINT_INDEPENDENT, .filtering = FWD_NAT_ENDPOINT_INDEPENDENT},
       "full cone"},
      {{.mapping = FWD_NAT_ENDPOINT_INDEPENDENT, .filtering = FWD_NAT_ADDRESS_DEPENDENT},
       "restricted cone"},
      {{.mapping = FWD_NAT_ENDPOINT_INDEPENDENT,
        .filtering = FWD_NAT_ADDRESS_AND_PORT_DEPENDENT},
       "port-restricted cone"},
      {{.mapping = FWD_NAT_ADDRESS_DEPENDENT}, "symmetric"},
      {{.mapping = FWD_NAT_ADDRESS_AND_PORT_DEPENDENT}, "symmetric"},
  };

  for (gsize i = 0; i < G_N_ELEMENTS(named); i++)
    g_assert_cmpstr(fwd_nat_report_classic_name(&named[i].report), ==, named[i].name);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/nat/behaviours", test_behaviours);
  g_test_add_func("/nat/port-patterns", test_port_patterns);
  g_test_add_func("/nat/candidate-types", test_candidate_types);
  g_test_add_func("/nat/classic-names", test_classic_names);
  return g_test_run();
}
