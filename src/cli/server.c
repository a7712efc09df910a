/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/command.h"
#include "cli/host.h"
#include "cli/profiles.h"

/* Without a room or a ticket of its own the server keeps one, and shows it. */
static int
complete(FwdProfile *profile)
{
  g_autofree char *url = NULL;

  if (!fwd_profiles_lacks_ticket(profile))
    return FWD_EXIT_OK;
  g_object_get(profile, "signaling-url", &url, NULL);
  if (!*url)
    return fwd_command_usage_error("--signaling URL is missing (stunfwd server --help)");
  return fwd_profiles_keep_ticket(profile);
}

int
fwd_command_server(int argc, char **argv)
{
  int status = FWD_EXIT_OK;
  g_autoptr(FwdOptions) options =
      fwd_options_parse(argc, argv, "[--signaling URL] [OPTION...]",
                        "Prints a ticket and waits for the clients that have it.", &status);
  g_autoptr(FwdSettings) settings = NULL;
  g_autoptr(FwdProfile) profile = NULL;
  g_autoptr(FwdHost) host = NULL;

  if (!options)
    return status;
  fwd_command_end_on_signals();
  if (options->rest)
    return fwd_command_usage_error("\"%s\": a server takes no mappings; the client names them",
                                   options->rest[0]);
  if (!fwd_options_begin_log(options, "info"))
    return FWD_EXIT_USAGE;
  profile = fwd_profiles_choose(options, FWD_ROLE_SERVER, &settings, &status);
  if (!profile)
    return status;
  status = complete(profile);
  if (status != FWD_EXIT_OK)
    return status;
  host = fwd_host_new(options, "server");
  fwd_host_add(host, profile);
  return fwd_host_run(host);
}
