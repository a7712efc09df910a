/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/nat.h>

static const char *const behaviours[] = {
    [FWD_NAT_UNKNOWN] = "unknown",
    [FWD_NAT_NONE] = "none",
    [FWD_NAT_ENDPOINT_INDEPENDENT] = "endpoint-independent",
    [FWD_NAT_ADDRESS_DEPENDENT] = "address-dependent",
    [FWD_NAT_ADDRESS_AND_PORT_DEPENDENT] = "address-and-port-dependent",
};

static const char *const port_patterns[] = {
    [FWD_PORTS_UNKNOWN] = "unknown",
    [FWD_PORTS_PRESERVED] = "preserved",
    [FWD_PORTS_SEQUENTIAL] = "sequential",
    [FWD_PORTS_RANDOM] = "random",
};

static const char *const candidate_types[] = {
    [FWD_CANDIDATE_HOST] = "host",
    [FWD_CANDIDATE_SERVER_REFLEXIVE] = "server-reflexive",
    [FWD_CANDIDATE_PEER_REFLEXIVE] = "peer-reflexive",
    [FWD_CANDIDATE_MAPPED] = "mapped",
    [FWD_CANDIDATE_RELAYED] = "relayed",
};

/* What RFC 3489 calls endpoint-independent mapping, by the filtering beside it. */
static const char *const cones[] = {
    [FWD_NAT_UNKNOWN] = "cone",
    [FWD_NAT_NONE] = "full cone",
    [FWD_NAT_ENDPOINT_INDEPENDENT] = "full cone",
    [FWD_NAT_ADDRESS_DEPENDENT] = "restricted cone",
    [FWD_NAT_ADDRESS_AND_PORT_DEPENDENT] = "port-restricted cone",
};

/* The index of @text among @names, or -1. */
static int
index_of(const char *const *names, gsize count, const char *text)
{
  for (gsize i = 0; text != NULL && i < count; i++)
    if (g_str_equal(names[i], text))
      return (int)i;
  return -1;
}

const char *
fwd_nat_behaviour_to_string(FwdNatBehaviour behaviour)
{
  return behaviours[(guint)behaviour < G_N_ELEMENTS(behaviours) ? behaviour : FWD_NAT_UNKNOWN];
}

FwdNatBehaviour
fwd_nat_behaviour_from_string(const char *text)
{
  int index = index_of(behaviours, G_N_ELEMENTS(behaviours), text);

  return index < 0 ? FWD_NAT_UNKNOWN : (FwdNatBehaviour)index;
}

const char *
fwd_port_pattern_to_string(FwdPortPattern pattern)
{
  return port_patterns[(guint)pattern < G_N_ELEMENTS(port_patterns) ? pattern
                                                                    : FWD_PORTS_UNKNOWN];
}

FwdPortPattern
fwd_port_pattern_from_string(const char *text)
{
  int index = index_of(port_patterns, G_N_ELEMENTS(port_patterns), text);

  return index < 0 ? FWD_PORTS_UNKNOWN : (FwdPortPattern)index;
}

const char *
fwd_nat_report_classic_name(const FwdNatReport *report)
{
  if (report->udp_blocked)
    return "udp blocked";
  switch (report->mapping) {
  case FWD_NAT_NONE:
    return report->filtering == FWD_NAT_ADDRESS_DEPENDENT ||
                   report->filtering == FWD_NAT_ADDRESS_AND_PORT_DEPENDENT
               ? "symmetric firewall"
               : "open internet";
  case FWD_NAT_ENDPOINT_INDEPENDENT:
    return cones[(guint)report->filtering < G_N_ELEMENTS(cones) ? report->filtering
                                                                : FWD_NAT_UNKNOWN];
  case FWD_NAT_ADDRESS_DEPENDENT:
  case FWD_NAT_ADDRESS_AND_PORT_DEPENDENT:
    return "symmetric";
  default:
    return "unknown";
  }
}

const char *
fwd_candidate_type_to_string(FwdCandidateType type)
{
  return (guint)type < G_N_ELEMENTS(candidate_types) ? candidate_types[type] : "unknown";
}

gboolean
fwd_candidate_type_from_string(const char *text, FwdCandidateType *type)
{
  int index = index_of(candidate_types, G_N_ELEMENTS(candidate_types), text);

  if (index < 0)
    return FALSE;
  *type = (FwdCandidateType)index;
  return TRUE;
}
