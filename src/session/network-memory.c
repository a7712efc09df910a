/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/network-memory.h"

#define FWD_LOG_COMPONENT "discovery"
#include "core/log.h"
#include "core/read-file.h"
#include <gio/gio.h>
#include <string.h>

#define FILE_SIZE_MAX (64 * 1024)
#define SECONDS_A_DAY (24 * 60 * 60)
#define PORTS_MAX     65535
#define HOPS_MAX      255
#define LIFETIME_MAX  SECONDS_A_DAY

char *
fwd_network_memory_default_path(void)
{
  return g_build_filename(g_get_user_state_dir(), "stunfwd", "networks", NULL);
}

/* A file that is missing, too large or no key file is an empty one. */
static GKeyFile *
read_file(const char *path)
{
  g_autoptr(GKeyFile) file = g_key_file_new();
  gsize length;
  g_autofree char *text = fwd_read_file(path, FILE_SIZE_MAX, &length, NULL);

  if (!text || !g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, NULL))
    return g_key_file_new();
  return g_steal_pointer(&file);
}

static gint
read_number(GKeyFile *file, const char *network, const char *key, gint least, gint most)
{
  gint value = g_key_file_get_integer(file, network, key, NULL);

  return value >= least && value <= most ? value : 0;
}

static gboolean
is_fresh(GKeyFile *file, const char *network, gint64 now)
{
  gint64 age = now - g_key_file_get_int64(file, network, "seen", NULL);

  return g_key_file_has_group(file, network) && age >= 0 &&
         age <= (gint64)FWD_NETWORK_MEMORY_DAYS * SECONDS_A_DAY;
}

static void
recall_ports(GKeyFile *file, const char *network, FwdNatReport *report)
{
  g_autofree char *pattern = g_key_file_get_string(file, network, "ports", NULL);

  if (report->ports != FWD_PORTS_UNKNOWN)
    return;
  report->ports = fwd_port_pattern_from_string(pattern);
  if (report->ports != FWD_PORTS_SEQUENTIAL)
    return;
  report->port_delta = read_number(file, network, "delta", -PORTS_MAX, PORTS_MAX);
  report->port_spread = (guint)read_number(file, network, "spread", 0, PORTS_MAX);
  if (report->port_delta == 0)
    report->ports = FWD_PORTS_UNKNOWN;
}

gboolean
fwd_network_memory_recall(const char *path, const char *network, gint64 now,
                          FwdNatReport *report)
{
  g_autoptr(GKeyFile) file = read_file(path);

  if (!is_fresh(file, network, now))
    return FALSE;
  recall_ports(file, network, report);
  if (report->hairpinning == FWD_ANSWER_UNKNOWN)
    report->hairpinning = (FwdAnswer)read_number(file, network, "hairpinning",
                                                 FWD_ANSWER_UNKNOWN, FWD_ANSWER_YES);
  if (report->hops == 0)
    report->hops = (guint)read_number(file, network, "hops", 0, HOPS_MAX);
  if (report->lifetime_seconds == 0)
    report->lifetime_seconds = (guint)read_number(file, network, "lifetime", 0, LIFETIME_MAX);
  return TRUE;
}

static void
drop_oldest(GKeyFile *file)
{
  gsize count;
  g_auto(GStrv) groups = g_key_file_get_groups(file, &count);

  while (count > FWD_NETWORK_MEMORY_MAX) {
    gsize oldest = 0;

    for (gsize i = 1; i < count; i++)
      if (g_key_file_get_int64(file, groups[i], "seen", NULL) <
          g_key_file_get_int64(file, groups[oldest], "seen", NULL))
        oldest = i;
    g_key_file_remove_group(file, groups[oldest], NULL);
    g_free(groups[oldest]);
    groups[oldest] = groups[--count];
    groups[count] = NULL;
  }
}

void
fwd_network_memory_keep(const char *path, const char *network, gint64 now,
                        const FwdNatReport *report)
{
  g_autoptr(GKeyFile) file = read_file(path);
  g_autofree char *folder = g_path_get_dirname(path);
  g_autoptr(GError) error = NULL;

  g_key_file_remove_group(file, network, NULL);
  g_key_file_set_int64(file, network, "seen", now);
  g_key_file_set_string(file, network, "ports", fwd_port_pattern_to_string(report->ports));
  g_key_file_set_integer(file, network, "delta", report->port_delta);
  g_key_file_set_integer(file, network, "spread", (gint)report->port_spread);
  g_key_file_set_integer(file, network, "hairpinning", (gint)report->hairpinning);
  g_key_file_set_integer(file, network, "hops", (gint)report->hops);
  g_key_file_set_integer(file, network, "lifetime", (gint)report->lifetime_seconds);
  drop_oldest(file);
  g_mkdir_with_parents(folder, 0700);
  if (!g_key_file_save_to_file(file, path, &error))
    fwd_log_debug("what was measured is not kept: %s", error->message);
}
