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

/* The file's profile under what the command line says, whenever the file changes. */
typedef struct {
  const FwdOptions *options; /* outlives the settings */
  FwdProfile *file;
  FwdProfile *merged;
} Overlay;

static void
overlay_free(Overlay *overlay, GClosure *closure)
{
  g_object_unref(overlay->file);
  g_object_unref(overlay->merged);
  g_free(overlay);
}

static void
on_changed(FwdSettings *settings, const char *profile, Overlay *overlay)
{
  g_autofree char *name = NULL;

  g_object_get(overlay->file, "name", &name, NULL);
  if (g_strcmp0(profile, name) == 0)
    fwd_options_apply(overlay->options, overlay->file, overlay->merged);
}

static FwdProfile *
overlay(const FwdOptions *options, FwdSettings *settings, FwdProfile *file, FwdRole role)
{
  Overlay *over = g_new0(Overlay, 1);
  g_autofree char *name = NULL;

  g_object_get(file, "name", &name, NULL);
  over->options = options;
  over->file = g_object_ref(file);
  over->merged = fwd_profile_new(name, role);
  fwd_options_apply(options, file, over->merged);
  g_signal_connect_data(settings, "changed", G_CALLBACK(on_changed), over,
                        (GClosureNotify)overlay_free, 0);
  return g_object_ref(over->merged);
}

FwdProfile *
fwd_profiles_choose(FwdOptions *options, FwdRole role, FwdSettings **settings, int *status)
{
  g_autoptr(GError) error = NULL;
  FwdProfile *profile;
  guint count;

  if (!options->config) {
    profile = fwd_profile_new(fwd_role_to_string(role), role);
    fwd_options_apply(options, NULL, profile);
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
  return overlay(options, *settings, profile, role);
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
