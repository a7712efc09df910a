/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/command.h"
#include "cli/host.h"

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

  if (!options)
    return status;
  if (!options->config)
    return fwd_command_usage_error("--config FILE is missing (stunfwd run --help)");
  if (!fwd_options_begin_log(options, "info"))
    return FWD_EXIT_USAGE;
  settings = fwd_settings_new(options->config, &error);
  if (!settings)
    return fwd_command_fail(error);
  names = fwd_settings_list_profiles(settings);
  if (!names[0])
    return fwd_command_usage_error("%s: it has no profile", options->config);
  host = fwd_host_new(options, "run");
  for (guint i = 0; names[i]; i++)
    fwd_host_add(host, fwd_settings_get_profile(settings, names[i]));
  return fwd_host_run(host);
}
