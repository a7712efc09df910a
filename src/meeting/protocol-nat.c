/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/protocol-nat.h"
#include "meeting/json-reader.h"

#include <string.h>

#define WORD_MAX     40
#define LIFETIME_MAX (24 * 60 * 60)
#define PORTS        65535

/* A peer may not make us send to the whole network, nor to no one. */
static gboolean
is_unicast(const FwdEndpoint *endpoint)
{
  if (fwd_endpoint_port(endpoint) == 0 || fwd_endpoint_is_any(endpoint))
    return FALSE;
  if (fwd_endpoint_family(endpoint) == AF_INET6)
    return !IN6_IS_ADDR_MULTICAST(&endpoint->in6.sin6_addr);
  /* 224.0.0.0/4 is multicast, 240.0.0.0/4 reserved and broadcast. */
  return ntohl(endpoint->in4.sin_addr.s_addr) < 0xe0000000;
}

static gboolean
read_endpoint(JsonObject *object, const char *name, FwdEndpoint *endpoint, GError **error)
{
  const char *text = fwd_json_get_string(object, name, FWD_ENDPOINT_TEXT_MAX - 1, error);

  if (text == NULL)
    return FALSE;
  if (strchr(text, '%') != NULL || !fwd_endpoint_parse(text, endpoint, NULL))
    return fwd_json_invalid(error, name, "is not ADDRESS:PORT");
  return TRUE;
}

static gboolean
read_unicast(JsonObject *object, const char *name, FwdEndpoint *endpoint, GError **error)
{
  if (!read_endpoint(object, name, endpoint, error))
    return FALSE;
  return is_unicast(endpoint) ||
         fwd_json_invalid(error, name, "is not an address and port of one host");
}

static gboolean
read_public(JsonObject *object, const char *name, int family, FwdEndpoint *endpoint,
            GError **error)
{
  if (fwd_json_find(object, name) == NULL)
    return TRUE;
  if (!read_unicast(object, name, endpoint, error))
    return FALSE;
  return fwd_endpoint_family(endpoint) == family ||
         fwd_json_invalid(error, name, "is of the wrong address family");
}

static gboolean
read_behaviour(JsonObject *object, const char *name, FwdNatBehaviour *behaviour, GError **error)
{
  const char *text;

  if (fwd_json_find(object, name) == NULL)
    return TRUE;
  text = fwd_json_get_string(object, name, WORD_MAX, error);
  if (text != NULL)
    *behaviour = fwd_nat_behaviour_from_string(text);
  return text != NULL;
}

static gboolean
read_ports(JsonObject *object, FwdPortPattern *ports, GError **error)
{
  const char *text;

  if (fwd_json_find(object, "ports") == NULL)
    return TRUE;
  text = fwd_json_get_string(object, "ports", WORD_MAX, error);
  if (text != NULL)
    *ports = fwd_port_pattern_from_string(text);
  return text != NULL;
}

static gboolean
read_flags(JsonObject *object, FwdNatReport *nat, GError **error)
{
  gboolean hairpinning;

  if (fwd_json_find(object, "udp_blocked") != NULL &&
      !fwd_json_get_boolean(object, "udp_blocked", &nat->udp_blocked, error))
    return FALSE;
  if (fwd_json_find(object, "hairpinning") == NULL)
    return TRUE;
  if (!fwd_json_get_boolean(object, "hairpinning", &hairpinning, error))
    return FALSE;
  nat->hairpinning = hairpinning ? FWD_ANSWER_YES : FWD_ANSWER_NO;
  return TRUE;
}

static gboolean
read_count(JsonObject *object, const char *name, gint64 most, guint *count, GError **error)
{
  gint64 value = 0;

  if (fwd_json_find(object, name) != NULL &&
      !fwd_json_get_integer(object, name, 0, most, &value, error))
    return FALSE;
  *count = (guint)value;
  return TRUE;
}

static gboolean
read_numbers(JsonObject *object, FwdNatReport *nat, GError **error)
{
  gint64 delta = 0;

  if (fwd_json_find(object, "port_delta") != NULL &&
      !fwd_json_get_integer(object, "port_delta", -PORTS, PORTS, &delta, error))
    return FALSE;
  nat->port_delta = (gint)delta;
  return read_count(object, "port_spread", PORTS, &nat->port_spread, error) &&
         read_count(object, "lifetime", LIFETIME_MAX, &nat->lifetime_seconds, error) &&
         read_count(object, "hops", 255, &nat->hops, error) &&
         read_count(object, "public_addresses", PORTS, &nat->public_addresses, error);
}

gboolean
fwd_protocol_read_nat(JsonObject *object, FwdNatReport *nat, GError **error)
{
  JsonObject *report = fwd_json_get_object(object, "nat", error);

  if (report == NULL)
    return FALSE;
  if (read_flags(report, nat, error) &&
      read_behaviour(report, "mapping", &nat->mapping, error) &&
      read_behaviour(report, "filtering", &nat->filtering, error) &&
      read_ports(report, &nat->ports, error) && read_numbers(report, nat, error) &&
      read_public(report, "public4", AF_INET, &nat->public4, error) &&
      read_public(report, "public6", AF_INET6, &nat->public6, error))
    return TRUE;
  g_prefix_error(error, "nat: ");
  return FALSE;
}

static gboolean
read_candidate(JsonObject *object, FwdCandidate *candidate, gboolean *known, GError **error)
{
  const char *type = fwd_json_get_string(object, "type", WORD_MAX, error);
  guint prefix_max;

  if (type == NULL || !read_unicast(object, "endpoint", &candidate->endpoint, error))
    return FALSE;
  if (fwd_json_find(object, "base") != NULL &&
      !read_endpoint(object, "base", &candidate->base, error))
    return FALSE;
  prefix_max = fwd_endpoint_family(&candidate->endpoint) == AF_INET6 ? 128 : 32;
  if (!read_count(object, "prefix", prefix_max, &candidate->prefix_length, error))
    return FALSE;
  *known = fwd_candidate_type_from_string(type, &candidate->type);
  return TRUE;
}

static gboolean
append_candidate(JsonNode *node, GArray *candidates, GError **error)
{
  FwdCandidate candidate = {0};
  gboolean known;

  if (!JSON_NODE_HOLDS_OBJECT(node))
    return fwd_json_invalid(error, "candidates", "has an element that is not an object");
  if (!read_candidate(json_node_get_object(node), &candidate, &known, error)) {
    g_prefix_error(error, "candidates: ");
    return FALSE;
  }
  if (known)
    g_array_append_val(candidates, candidate);
  return TRUE;
}

GArray *
fwd_protocol_read_candidates(JsonObject *object, GError **error)
{
  JsonArray *array =
      fwd_json_get_array(object, "candidates", FWD_PROTOCOL_CANDIDATES_MAX, error);
  g_autoptr(GArray) candidates = NULL;

  if (array == NULL)
    return NULL;
  candidates = g_array_new(FALSE, TRUE, sizeof(FwdCandidate));
  for (guint i = 0; i < json_array_get_length(array); i++)
    if (!append_candidate(json_array_get_element(array, i), candidates, error))
      return NULL;
  return g_steal_pointer(&candidates);
}
