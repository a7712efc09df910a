/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/history.h"

#define FWD_LOG_COMPONENT "session"
#include "core/log.h"
#include "core/read-file.h"
#include <gio/gio.h>

#define FILE_SIZE_MAX (256 * 1024)
#define SEEN_KEY      "seen"
#define COUNT_MAX     1000
/* So often without a success: it is not the moment that is wrong. */
#define FAILURES_THAT_COUNT 3

struct FwdHistory {
  char *path;
  GKeyFile *file; /* a group for each pair: strategy = successes;failures since */
};

char *
fwd_history_default_path(void)
{
  return g_build_filename(g_get_user_state_dir(), "stunfwd", "history", NULL);
}

static void
read_file(FwdHistory *history)
{
  gsize length;
  g_autofree char *text = fwd_read_file(history->path, FILE_SIZE_MAX, &length, NULL);

  if (text && !g_key_file_load_from_data(history->file, text, length, G_KEY_FILE_NONE, NULL))
    fwd_log_debug("%s: not a history, starting a new one", history->path);
}

FwdHistory *
fwd_history_new(const char *path)
{
  FwdHistory *history = g_new0(FwdHistory, 1);

  history->path = g_strdup(path);
  history->file = g_key_file_new();
  if (path)
    read_file(history);
  return history;
}

void
fwd_history_free(FwdHistory *history)
{
  g_key_file_unref(history->file);
  g_free(history->path);
  g_free(history);
}

/* Brackets end a group's name in the file, and IPv6 addresses have none here. */
static char *
group_of(const FwdEndpoint *local, const FwdEndpoint *remote)
{
  g_autofree char *here = fwd_endpoint_address_to_string(local);
  g_autofree char *there = fwd_endpoint_address_to_string(remote);

  return g_strdup_printf("%s %s", here, there);
}

static gboolean
is_known(const FwdEndpoint *local, const FwdEndpoint *remote)
{
  return fwd_endpoint_family(local) != AF_UNSPEC && fwd_endpoint_family(remote) != AF_UNSPEC;
}

static void
read_counts(const FwdHistory *history, const char *group, const char *strategy, gint counts[2])
{
  gsize length = 0;
  g_autofree gint *list =
      g_key_file_get_integer_list(history->file, group, strategy, &length, NULL);

  for (guint i = 0; i < 2; i++)
    counts[i] = length == 2 ? CLAMP(list[i], 0, COUNT_MAX) : 0;
}

static gint
compare_seen(gconstpointer a, gconstpointer b, gpointer file)
{
  const gint64 seen_a = g_key_file_get_int64(file, *(const char *const *)a, SEEN_KEY, NULL);
  const gint64 seen_b = g_key_file_get_int64(file, *(const char *const *)b, SEEN_KEY, NULL);

  return seen_a < seen_b ? -1 : seen_a > seen_b;
}

/* One, as a rule; more if the file came from elsewhere. */
static void
drop_oldest(FwdHistory *history)
{
  gsize count;
  g_auto(GStrv) groups = g_key_file_get_groups(history->file, &count);

  if (count <= FWD_HISTORY_MAX)
    return;
  g_qsort_with_data(groups, (gint)count, sizeof *groups, compare_seen, history->file);
  for (gsize i = 0; i < count - FWD_HISTORY_MAX; i++)
    g_key_file_remove_group(history->file, groups[i], NULL);
}

static void
write_file(const FwdHistory *history)
{
  g_autofree char *folder = g_path_get_dirname(history->path);
  g_autoptr(GError) error = NULL;

  g_mkdir_with_parents(folder, 0700);
  if (!g_key_file_save_to_file(history->file, history->path, &error))
    fwd_log_debug("the history is not kept: %s", error->message);
}

void
fwd_history_record(FwdHistory *history, const FwdEndpoint *local, const FwdEndpoint *remote,
                   const char *strategy, gboolean success, gint64 now)
{
  g_autofree char *group = NULL;
  gint counts[2];

  if (!is_known(local, remote))
    return;
  /* Other processes of this user write it, too. */
  if (history->path)
    read_file(history);
  group = group_of(local, remote);
  read_counts(history, group, strategy, counts);
  counts[0] = MIN(counts[0] + success, COUNT_MAX);
  counts[1] = success ? 0 : MIN(counts[1] + 1, COUNT_MAX);
  g_key_file_set_integer_list(history->file, group, strategy, counts, 2);
  g_key_file_set_int64(history->file, group, SEEN_KEY, now);
  drop_oldest(history);
  if (history->path)
    write_file(history);
}

gint
fwd_history_rate(const FwdHistory *history, const FwdEndpoint *local, const FwdEndpoint *remote,
                 const char *strategy)
{
  g_autofree char *group = NULL;
  gint counts[2];

  if (!is_known(local, remote))
    return 0;
  group = group_of(local, remote);
  read_counts(history, group, strategy, counts);
  if (counts[0] > 0 && counts[1] < FAILURES_THAT_COUNT)
    return counts[0];
  return counts[1] >= FAILURES_THAT_COUNT ? -1 : 0;
}
