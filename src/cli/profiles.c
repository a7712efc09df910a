/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/profiles.h"

#include "cli/command.h"

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
fwd_profiles_choose(const FwdOptions *options, FwdRole role, FwdSettings **settings,
                    int *status)
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
  fwd_options_apply(options, profile);
  return g_object_ref(profile);
}
