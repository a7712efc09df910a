/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/access-list.h"

#include "meeting/host-port.h"
#include <stunfwd/endpoint.h>
#include <stunfwd/error.h>

typedef struct {
  char *forwarder;
  char *exact;           /* the whole target, or NULL */
  GPatternSpec *pattern; /* over the host's name, or the whole target of a path */
  FwdEndpoint network;   /* where pattern is NULL */
  guint prefix_length;
  guint16 first_port, last_port;
} Rule;

struct FwdAccessList {
  gboolean loopback;
  GPtrArray *rules;
};

static void
rule_free(Rule *rule)
{
  g_free(rule->forwarder);
  g_free(rule->exact);
  g_clear_pointer(&rule->pattern, g_pattern_spec_free);
  g_free(rule);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rule, rule_free)

FwdAccessList *
fwd_access_list_new(void)
{
  FwdAccessList *list = fwd_access_list_new_empty();

  list->loopback = TRUE;
  return list;
}

FwdAccessList *
fwd_access_list_new_empty(void)
{
  FwdAccessList *list = g_new0(FwdAccessList, 1);

  list->rules = g_ptr_array_new_with_free_func((GDestroyNotify)rule_free);
  return list;
}

void
fwd_access_list_free(FwdAccessList *list)
{
  g_ptr_array_unref(list->rules);
  g_free(list);
}

static gboolean
parse_ports(const char *text, Rule *rule)
{
  g_auto(GStrv) ends = NULL;
  guint64 first, last;

  if (g_str_equal(text, "*")) {
    rule->first_port = 0;
    rule->last_port = G_MAXUINT16;
    return TRUE;
  }
  ends = g_strsplit(text, "-", 2);
  if (!ends[0] || !g_ascii_string_to_unsigned(ends[0], 10, 1, G_MAXUINT16, &first, NULL))
    return FALSE;
  last = first;
  if (ends[1] && !g_ascii_string_to_unsigned(ends[1], 10, first, G_MAXUINT16, &last, NULL))
    return FALSE;
  rule->first_port = (guint16)first;
  rule->last_port = (guint16)last;
  return TRUE;
}

static void
strip_brackets(char *host)
{
  gsize length = strlen(host);

  if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
    memmove(host, host + 1, length - 2);
    host[length - 2] = '\0';
  }
}

/* An address, a network or a glob over names. */
static gboolean
parse_host(const char *text, Rule *rule)
{
  g_auto(GStrv) parts = g_strsplit(text, "/", 2);
  guint64 prefix_length;

  if (!parts[0] || !*parts[0])
    return FALSE;
  strip_brackets(parts[0]);
  if (fwd_endpoint_from_address(parts[0], 0, &rule->network)) {
    guint bits = fwd_endpoint_family(&rule->network) == AF_INET ? 32 : 128;
    prefix_length = bits;
    if (parts[1] && !g_ascii_string_to_unsigned(parts[1], 10, 0, bits, &prefix_length, NULL))
      return FALSE;
    rule->prefix_length = (guint)prefix_length;
    return TRUE;
  }
  /* A glob over digits looks like a network, and would match a name such as 10.x.example. */
  if (parts[1] || strspn(text, "0123456789.*?") == strlen(text) + (g_str_equal(text, "*")))
    return FALSE;
  rule->pattern = g_pattern_spec_new(text);
  return TRUE;
}

static const char *
parse_rule(const char *text, Rule *rule)
{
  g_autofree char *host = NULL;
  const char *colon = strchr(text, ':'), *last;

  if (!colon || colon == text)
    return "it does not start with a forwarder, as in tcp:HOST:PORT";
  rule->forwarder = g_strndup(text, (gsize)(colon - text));
  if (colon[1] == '/') {
    rule->pattern = g_pattern_spec_new(colon + 1);
    rule->last_port = G_MAXUINT16;
    return NULL;
  }
  last = strrchr(colon + 1, ':');
  if (!last)
    return "the port is missing (a number, a range or *)";
  host = g_strndup(colon + 1, (gsize)(last - colon - 1));
  if (!parse_ports(last + 1, rule))
    return "the port is not a number, a range or *";
  if (!parse_host(host, rule))
    return "the host is not an address, a network or a name";
  return NULL;
}

gboolean
fwd_access_list_add(FwdAccessList *list, const char *text, GError **error)
{
  g_autoptr(Rule) rule = g_new0(Rule, 1);
  const char *problem = parse_rule(text, rule);

  if (problem) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, "--allow %s: %s", text, problem);
    return FALSE;
  }
  g_ptr_array_add(list->rules, g_steal_pointer(&rule));
  return TRUE;
}

void
fwd_access_list_add_exact(FwdAccessList *list, const char *forwarder, const char *target)
{
  Rule *rule = g_new0(Rule, 1);

  rule->forwarder = g_strdup(forwarder);
  rule->exact = g_strdup(target);
  g_ptr_array_add(list->rules, rule);
}

static gboolean
is_loopback(const char *host)
{
  FwdEndpoint endpoint;

  if (g_str_equal(host, "localhost"))
    return TRUE;
  return fwd_endpoint_from_address(host, 0, &endpoint) && fwd_endpoint_is_loopback(&endpoint);
}

static gboolean
rule_allows_host(const Rule *rule, const char *host, guint16 port)
{
  FwdEndpoint endpoint;

  if (port < rule->first_port || port > rule->last_port)
    return FALSE;
  if (rule->pattern)
    return g_pattern_spec_match_string(rule->pattern, host);
  return fwd_endpoint_from_address(host, 0, &endpoint) &&
         fwd_endpoint_family(&endpoint) == fwd_endpoint_family(&rule->network) &&
         fwd_endpoint_same_network(&endpoint, &rule->network, rule->prefix_length);
}

static gboolean
rule_allows(const Rule *rule, const char *forwarder, const char *target, const char *host,
            guint16 port)
{
  if (!g_str_equal(rule->forwarder, forwarder))
    return FALSE;
  if (rule->exact)
    return g_str_equal(rule->exact, target);
  if (host)
    return rule_allows_host(rule, host, port);
  return rule->pattern && g_pattern_spec_match_string(rule->pattern, target);
}

gboolean
fwd_access_list_allows(const FwdAccessList *list, const char *forwarder, const char *target)
{
  g_autofree char *host = NULL;
  guint16 port = 0;

  /* A path with ".." would walk out of the folder that a glob meant. */
  if (target[0] == '/' && strstr(target, "/.."))
    return FALSE;
  if (target[0] != '/' && !fwd_host_port_parse(target, 0, &host, &port))
    return FALSE;
  if (list->loopback && host && is_loopback(host))
    return TRUE;
  for (guint i = 0; i < list->rules->len; i++) {
    if (rule_allows(list->rules->pdata[i], forwarder, target, host, port))
      return TRUE;
  }
  return FALSE;
}
