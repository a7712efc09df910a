/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/command.h"
#include "cli/host.h"
#include "cli/profiles.h"
#include <stunfwd/mapping.h>

/* Tells wrong mappings before anything is opened. */
static gboolean
check_mappings(char **texts, GError **error)
{
  for (guint i = 0; texts[i]; i++) {
    g_autoptr(GPtrArray) mappings = fwd_mapping_parse(texts[i], error);
    if (!mappings)
      return FALSE;
  }
  return TRUE;
}

/* Even a spoilt one: it must not be shown as a wrong mapping, since it holds a secret. */
static gboolean
is_ticket(const char *word)
{
  return g_str_has_prefix(word, "stunfwd:") || strstr(word, "://") || strchr(word, '#');
}

/* The words that are no options: a ticket perhaps, then mappings. */
static void
sort_words(FwdOptions *options)
{
  char **words = options->rest;

  if (words && is_ticket(words[0]))
    options->ticket = g_strdup(*words++);
  options->mappings = words ? g_strdupv(words) : g_new0(char *, 1);
}

int
fwd_command_client(int argc, char **argv)
{
  int status = FWD_EXIT_OK;
  g_autoptr(FwdOptions) options =
      fwd_options_parse(argc, argv, "[TICKET] MAPPING... [OPTION...]",
                        "Opens local ports that lead to the services next to the server.\n"
                        "MAPPING: tcp:8080:22, tcp:LOCAL[:HOST]:REMOTE, udp:5000:53, ...",
                        &status);
  g_autoptr(FwdSettings) settings = NULL;
  g_autoptr(FwdProfile) profile = NULL;
  g_autoptr(FwdHost) host = NULL;
  g_autoptr(GError) error = NULL;

  if (!options)
    return status;
  fwd_command_end_on_signals();
  if (!fwd_options_begin_log(options, "info"))
    return FWD_EXIT_USAGE;
  sort_words(options);
  if (!check_mappings(options->mappings, &error))
    return fwd_command_fail(error);
  if (!options->mappings[0] && !options->config)
    return fwd_command_usage_error("a mapping is missing, as in tcp:8080:22 "
                                   "(stunfwd client --help)");
  profile = fwd_profiles_choose(options, FWD_ROLE_CLIENT, &settings, &status);
  if (!profile)
    return status;
  host = fwd_host_new(options, "client");
  fwd_host_add(host, profile);
  return fwd_host_run(host);
}
