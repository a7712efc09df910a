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

static void
add_mappings(FwdProfile *profile, char **texts)
{
  g_autoptr(GStrvBuilder) all = g_strv_builder_new();
  g_auto(GStrv) own = NULL, joined = NULL;

  g_object_get(profile, "mappings", &own, NULL);
  g_strv_builder_addv(all, (const char **)own);
  g_strv_builder_addv(all, (const char **)texts);
  joined = g_strv_builder_end(all);
  g_object_set(profile, "mappings", joined, NULL);
}

/* Even a spoilt one: it must not be shown as a wrong mapping, since it holds a secret. */
static gboolean
is_ticket(const char *word)
{
  return g_str_has_prefix(word, "stunfwd:") || strstr(word, "://") || strchr(word, '#');
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
  char *none[] = {NULL};
  char **rest;

  if (!options)
    return status;
  if (!fwd_options_begin_log(options, "info"))
    return FWD_EXIT_USAGE;
  profile = fwd_profiles_choose(options, FWD_ROLE_CLIENT, &settings, &status);
  if (!profile)
    return status;
  rest = options->rest ? options->rest : none;
  if (rest[0] && is_ticket(rest[0]))
    g_object_set(profile, "ticket", *rest++, NULL);
  if (!check_mappings(rest, &error))
    return fwd_command_fail(error);
  if (!rest[0] && !options->config)
    return fwd_command_usage_error("a mapping is missing, as in tcp:8080:22 "
                                   "(stunfwd client --help)");
  add_mappings(profile, rest);
  host = fwd_host_new(options, "client");
  fwd_host_add(host, profile);
  return fwd_host_run(host);
}
