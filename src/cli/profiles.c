/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/profiles.h"

#include "cli/command.h"
#include "session/credentials.h"
#include <stdio.h>

static FwdProfile *
find_profile(FwdSettings *settings, FwdRole role, guint *count)
{
  g_auto(GStrv) names = fwd_settings_list_profiles(settings);
  FwdProfile *found = NULL;

  *count = 0;
  for (guint i = 0; names[i]; i++) {
    FwdProfile *profile = fwd_settings_get_profile(settings, names[i]);
    guint its_role;
    g_object_get(profile, "role", &its_role, NULL);
    if (its_role != role)
      continue;
    found = profile;
    (*count)++;
  }
  return found;
}

FwdProfile *
fwd_profiles_choose(FwdOptions *options, FwdRole role, FwdSettings **settings, int *status)
{
  g_autoptr(GError) error = NULL;
  FwdProfile *profile;
  guint count;

  if (!options->config) {
    profile = fwd_profile_new(fwd_role_to_string(role), role);
    fwd_options_apply(options, profile);
    return profile;
  }
  *settings = fwd_settings_new(options->config, &error);
  if (!*settings) {
    *status = fwd_command_fail(error);
    return NULL;
  }
  profile = find_profile(*settings, role, &count);
  if (count != 1) {
    *status = fwd_command_usage_error(
        "%s: it has %u %s profiles, not one; `stunfwd run` runs them all", options->config,
        count, fwd_role_to_string(role));
    return NULL;
  }
  fwd_options_follow(options, *settings);
  fwd_options_apply(options, profile);
  return g_object_ref(profile);
}

gboolean
fwd_profiles_lacks_ticket(FwdProfile *profile)
{
  g_autofree char *room = NULL, *file = NULL, *ticket = NULL;
  guint role;

  g_object_get(profile, "role", &role, "room", &room, "ticket-file", &file, "ticket", &ticket,
               NULL);
  return role == FWD_ROLE_SERVER && !*room && !*file && !*ticket;
}

int
fwd_profiles_keep_ticket(FwdProfile *profile)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdTicket) ticket = NULL;
  g_autofree char *path = NULL, *text = NULL, *url = NULL;
  g_auto(GStrv) stun = NULL;

  g_object_get(profile, "signaling-url", &url, "stun", &stun, NULL);
  ticket = fwd_credentials_keep_ticket(url, (const char *const *)stun, &path, &error);
  if (!ticket)
    return fwd_command_fail(error);
  g_object_set(profile, "ticket-file", path, NULL);
  text = fwd_ticket_to_string(ticket);
  puts(text);
  fflush(stdout);
  return FWD_EXIT_OK;
}
