/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settings.h"

static void
test_defaults(void)
{
  g_autoptr(FwdProfile) profile = fwd_profile_new("office", FWD_ROLE_SERVER);
  static const char *const strings[] = {"signaling-url", "room", "passphrase-file",
                                        "ticket-file", "ticket"};
  static const char *const lists[] = {"mappings", "allow", "stun"};
  g_autofree char *name = NULL;
  FwdRole role;

  g_object_get(profile, "name", &name, "role", &role, NULL);
  g_assert_cmpstr(name, ==, "office");
  g_assert_cmpuint(role, ==, FWD_ROLE_SERVER);
  for (gsize i = 0; i < G_N_ELEMENTS(strings); i++) {
    g_autofree char *value = NULL;
    g_object_get(profile, strings[i], &value, NULL);
    g_assert_cmpstr(value, ==, "");
  }
  for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
    g_auto(GStrv) value = NULL;
    g_object_get(profile, lists[i], &value, NULL);
    g_assert_nonnull(value);
    g_assert_null(value[0]);
  }
}

static void
count(FwdProfile *profile, GParamSpec *spec, guint *changes)
{
  (*changes)++;
}

static void
test_notify_only_on_change(void)
{
  g_autoptr(FwdProfile) profile = fwd_profile_new("office", FWD_ROLE_CLIENT);
  const char *const mappings[] = {"tcp:80:81", "tcp:90:91", NULL};
  const char *const same[] = {"tcp:80:81", "tcp:90:91", NULL};
  guint changes = 0;

  g_signal_connect(profile, "notify", G_CALLBACK(count), &changes);
  g_object_set(profile, "role", FWD_ROLE_CLIENT, "room", "", "mappings", NULL, NULL);
  g_assert_cmpuint(changes, ==, 0);
  g_object_set(profile, "role", FWD_ROLE_SERVER, NULL);
  g_assert_cmpuint(changes, ==, 1);
  g_object_set(profile, "room", "a", NULL);
  g_object_set(profile, "room", "a", NULL);
  g_assert_cmpuint(changes, ==, 2);
  g_object_set(profile, "mappings", mappings, NULL);
  g_object_set(profile, "mappings", same, NULL);
  g_assert_cmpuint(changes, ==, 3);
}

static void
test_null_is_empty(void)
{
  g_autoptr(FwdProfile) profile = fwd_profile_new("office", FWD_ROLE_CLIENT);
  const char *const stun[] = {"a:1", NULL};
  g_autofree char *room = NULL;
  g_auto(GStrv) list = NULL;

  g_object_set(profile, "room", "a", "stun", stun, NULL);
  g_object_set(profile, "room", NULL, "stun", NULL, NULL);
  g_object_get(profile, "room", &room, "stun", &list, NULL);
  g_assert_cmpstr(room, ==, "");
  g_assert_cmpuint(g_strv_length(list), ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/core/profile/defaults", test_defaults);
  g_test_add_func("/core/profile/notify-only-on-change", test_notify_only_on_change);
  g_test_add_func("/core/profile/null-is-empty", test_null_is_empty);
  return g_test_run();
}
