/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/command.h"
#include "cli/host.h"
#include "cli/profiles.h"

static int
check_options(const FwdOptions *options)
{
  const char *unused = fwd_options_find_session_option(options);

  if (!options->config)
    return fwd_command_usage_error("--config FILE is missing (stunfwd run --help)");
  if (unused)
    return fwd_command_usage_error("%s: run takes it from the profiles of %s", unused,
                                   options->config);
  if (options->rest)
    return fwd_command_usage_error("\"%s\": run takes mappings from the profiles of %s",
                                   options->rest[0], options->config);
  return FWD_EXIT_OK;
}

/* One server may do without a ticket of its own: a second would meet in the same room. */
static int
complete(FwdProfile *profile, const char *file, gboolean *kept)
{
  g_autofree char *name = NULL, *url = NULL;

  if (!fwd_profiles_lacks_ticket(profile))
    return FWD_EXIT_OK;
  g_object_get(profile, "name", &name, "signaling-url", &url, NULL);
  if (!*url)
    return fwd_command_usage_error("%s: [stunfwd/profiles/%s]: signaling-url is missing", file,
                                   name);
  if (*kept)
    return fwd_command_usage_error(
        "%s: [stunfwd/profiles/%s]: ticket-file is missing; only one "
        "server can do without",
        file, name);
  *kept = TRUE;
  return fwd_profiles_keep_ticket(profile);
}

int
fwd_command_run(int argc, char **argv)
{
  int status = FWD_EXIT_OK;
  g_autoptr(FwdOptions) options = fwd_options_parse(
      argc, argv, "--config FILE [OPTION...]",
      "Runs all profiles of a configuration file, clients and servers.", &status);
  g_autoptr(FwdSettings) settings = NULL;
  g_autoptr(FwdHost) host = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) names = NULL;
  gboolean kept = FALSE;

  if (!options)
    return status;
  fwd_command_end_on_signals();
  status = check_options(options);
  if (status != FWD_EXIT_OK)
    return status;
  if (!fwd_options_begin_log(options, "info"))
    return FWD_EXIT_USAGE;
  settings = fwd_settings_new(options->config, &error);
  if (!settings)
    return fwd_command_fail(error);
  names = fwd_settings_list_profiles(settings);
  if (!names[0])
    return fwd_command_usage_error("%s: it has no profile", options->config);
  fwd_options_follow(options, settings);
  for (guint i = 0; names[i] && status == FWD_EXIT_OK; i++)
    status = complete(fwd_settings_get_profile(settings, names[i]), options->config, &kept);
  if (status != FWD_EXIT_OK)
    return status;
  host = fwd_host_new(options, "run");
  for (guint i = 0; names[i]; i++)
    fwd_host_add(host, fwd_settings_get_profile(settings, names[i]));
  return fwd_host_run(host);
}
