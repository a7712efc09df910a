/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/command.h"
#include "cli/host.h"
#include "cli/profiles.h"
#include "session/credentials.h"
#include <stdio.h>

/* Without a room or a ticket of its own the server keeps one, and shows it. */
static int
show_ticket(FwdProfile *profile, const FwdOptions *options)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdTicket) ticket = NULL;
  g_autofree char *path = NULL, *text = NULL, *url = NULL;

  g_object_get(profile, "signaling-url", &url, NULL);
  if (!url || !*url)
    return fwd_command_usage_error("--signaling URL is missing (stunfwd server --help)");
  ticket = fwd_credentials_keep_ticket(url, (const char *const *)options->stun, &path, &error);
  if (!ticket)
    return fwd_command_fail(error);
  g_object_set(profile, "ticket-file", path, NULL);
  text = fwd_ticket_to_string(ticket);
  puts(text);
  fflush(stdout);
  return FWD_EXIT_OK;
}

static gboolean
has_credentials(FwdProfile *profile)
{
  g_autofree char *room = NULL, *file = NULL, *ticket = NULL;

  g_object_get(profile, "room", &room, "ticket-file", &file, "ticket", &ticket, NULL);
  return *room || *file || *ticket;
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
  if (options->rest)
    return fwd_command_usage_error("\"%s\": a server takes no mappings; the client names them",
                                   options->rest[0]);
  if (!fwd_options_begin_log(options, "info"))
    return FWD_EXIT_USAGE;
  profile = fwd_profiles_choose(options, FWD_ROLE_SERVER, &settings, &status);
  if (!profile)
    return status;
  if (!has_credentials(profile)) {
    status = show_ticket(profile, options);
    if (status != FWD_EXIT_OK)
      return status;
  }
  host = fwd_host_new(options, "server");
  fwd_host_add(host, profile);
  return fwd_host_run(host);
}
