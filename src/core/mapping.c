/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/mapping-parts.h"

#include <string.h>

struct _FwdMapping {
  gatomicrefcount references;
  char *text;
  const char *forwarder;
  const char *target_forwarder;
  char *bind;
  guint16 port;
  char *target;
  gboolean reverse;
  FwdTraffic *traffic;
};

G_DEFINE_BOXED_TYPE(FwdMapping, fwd_mapping, fwd_mapping_ref, fwd_mapping_unref)

/* An IPv6 address stands in brackets where a port may follow. */
static void
append_host(GString *text, const char *host)
{
  gboolean brackets = strchr(host, ':') != NULL;

  g_string_append_printf(text, brackets ? "[%s]" : "%s", host);
}

static char *
format_target(const FwdMappingParts *parts)
{
  g_autoptr(GString) text = g_string_new(NULL);

  if (parts->host == NULL)
    return g_strdup("");
  if (strcmp(parts->target_forwarder, "unix") == 0)
    return g_strdup(parts->host);
  append_host(text, parts->host);
  g_string_append_printf(text, ":%u", parts->target_port);
  return g_strdup(text->str);
}

static void
append_listener(GString *text, const FwdMappingParts *parts)
{
  if (parts->reverse)
    g_string_append(text, "R:");
  g_string_append_printf(text, "%s:", parts->forwarder);
  if (strcmp(parts->forwarder, "unix") == 0) {
    g_string_append(text, parts->bind);
    return;
  }
  if (strcmp(parts->bind, FWD_MAPPING_DEFAULT_BIND) != 0) {
    append_host(text, parts->bind);
    g_string_append_c(text, ':');
  }
  g_string_append_printf(text, "%u", parts->port);
}

static void
append_target(GString *text, const FwdMappingParts *parts)
{
  gboolean mixed = strcmp(parts->forwarder, parts->target_forwarder) != 0;

  if (parts->host == NULL)
    return;
  if (mixed)
    g_string_append_printf(text, ":%s", parts->target_forwarder);
  g_string_append_c(text, ':');
  if (strcmp(parts->target_forwarder, "unix") == 0) {
    g_string_append(text, parts->host);
    return;
  }
  if (strcmp(parts->host, FWD_MAPPING_DEFAULT_HOST) != 0) {
    append_host(text, parts->host);
    g_string_append_c(text, ':');
  }
  g_string_append_printf(text, "%u", parts->target_port);
}

FwdMapping *
fwd_mapping_new(const FwdMappingParts *parts)
{
  FwdMapping *mapping = g_new0(FwdMapping, 1);
  GString *text = g_string_new(NULL);

  g_atomic_ref_count_init(&mapping->references);
  append_listener(text, parts);
  append_target(text, parts);
  mapping->text = g_string_free(text, FALSE);
  mapping->forwarder = parts->forwarder;
  mapping->target_forwarder = parts->target_forwarder;
  mapping->bind = g_strdup(parts->bind);
  mapping->port = parts->port;
  mapping->target = format_target(parts);
  mapping->reverse = parts->reverse;
  mapping->traffic = fwd_traffic_new();
  return mapping;
}

FwdMapping *
fwd_mapping_ref(FwdMapping *mapping)
{
  g_atomic_ref_count_inc(&mapping->references);
  return mapping;
}

void
fwd_mapping_unref(FwdMapping *mapping)
{
  if (!g_atomic_ref_count_dec(&mapping->references))
    return;
  fwd_traffic_unref(mapping->traffic);
  g_free(mapping->target);
  g_free(mapping->bind);
  g_free(mapping->text);
  g_free(mapping);
}

const char *
fwd_mapping_to_string(const FwdMapping *mapping)
{
  return mapping->text;
}

const char *
fwd_mapping_get_forwarder(const FwdMapping *mapping)
{
  return mapping->forwarder;
}

const char *
fwd_mapping_get_target_forwarder(const FwdMapping *mapping)
{
  return mapping->target_forwarder;
}

const char *
fwd_mapping_get_bind(const FwdMapping *mapping)
{
  return mapping->bind;
}

guint16
fwd_mapping_get_port(const FwdMapping *mapping)
{
  return mapping->port;
}

const char *
fwd_mapping_get_target(const FwdMapping *mapping)
{
  return mapping->target;
}

gboolean
fwd_mapping_is_reverse(const FwdMapping *mapping)
{
  return mapping->reverse;
}

FwdTraffic *
fwd_mapping_get_traffic(const FwdMapping *mapping)
{
  return mapping->traffic;
}
