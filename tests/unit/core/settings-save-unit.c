/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settings.h"

#include <glib/gstdio.h>
#include <stunfwd/error.h>
#include <string.h>

typedef struct {
  char *directory;
  char *file;
  FwdProfile *profile;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  const char *const mappings[] = {"tcp:80:81", "udp:5000-5002:53-55", NULL};

  fixture->directory = g_dir_make_tmp("stunfwd-XXXXXX", NULL);
  fixture->file = g_build_filename(fixture->directory, "stunfwd.conf", NULL);
  fixture->profile = fwd_profile_new("office", FWD_ROLE_SERVER);
  g_object_set(fixture->profile, "room", "it's \"mine\"", "mappings", mappings, NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_object_unref(fixture->profile);
  g_remove(fixture->file);
  g_rmdir(fixture->directory);
  g_free(fixture->directory);
  g_free(fixture->file);
}

static void
assert_saved(Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdSettings) settings = fwd_settings_new(fixture->file, &error);
  g_autofree char *room = NULL;
  g_auto(GStrv) mappings = NULL;
  FwdRole role;

  g_assert_no_error(error);
  g_object_get(fwd_settings_get_profile(settings, "office"), "role", &role, "room", &room,
               "mappings", &mappings, NULL);
  g_assert_cmpuint(role, ==, FWD_ROLE_SERVER);
  g_assert_cmpstr(room, ==, "it's \"mine\"");
  g_assert_cmpuint(g_strv_length(mappings), ==, 2);
  g_assert_cmpstr(mappings[1], ==, "udp:5000-5002:53-55");
}

static void
test_new_file(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  g_assert_true(fwd_settings_save_profile(fixture->file, fixture->profile, &error));
  g_assert_no_error(error);
  assert_saved(fixture);
}

static void
test_existing_file(Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = NULL;

  g_assert_true(g_file_set_contents(fixture->file,
                                    "# mine\n[stunfwd]\nlog-level='debug'\n"
                                    "[stunfwd/profiles/office]\nticket='old'\n",
                                    -1, NULL));
  g_assert_true(fwd_settings_save_profile(fixture->file, fixture->profile, NULL));
  assert_saved(fixture);
  g_assert_true(g_file_get_contents(fixture->file, &text, NULL, NULL));
  g_assert_nonnull(strstr(text, "# mine\n"));
  g_assert_nonnull(strstr(text, "log-level='debug'\n"));
  g_assert_null(strstr(text, "ticket"));
}

static void
assert_not_saved(Fixture *fixture, int code)
{
  g_autoptr(GError) error = NULL;

  g_assert_false(fwd_settings_save_profile(fixture->file, fixture->profile, &error));
  g_assert_error(error, FWD_SETTINGS_ERROR, code);
}

/* A file that is wrong is not overwritten with what little the backend made of it. */
static void
test_wrong_file(Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = NULL;

  g_assert_true(g_file_set_contents(fixture->file, "precious\n", -1, NULL));
  assert_not_saved(fixture, FWD_ERROR_INVALID);
  g_assert_true(g_file_get_contents(fixture->file, &text, NULL, NULL));
  g_assert_cmpstr(text, ==, "precious\n");
}

static void
test_wrong_profile(Fixture *fixture, gconstpointer data)
{
  const char *const mappings[] = {"tcp:80", NULL};

  g_object_set(fixture->profile, "name", "a/b]\n", NULL);
  assert_not_saved(fixture, FWD_ERROR_INVALID);
  g_object_set(fixture->profile, "name", "office", "mappings", mappings, NULL);
  assert_not_saved(fixture, FWD_ERROR_INVALID);
}

static void
test_no_directory(Fixture *fixture, gconstpointer data)
{
  g_free(fixture->file);
  fixture->file = g_build_filename(fixture->directory, "nowhere", "stunfwd.conf", NULL);
  assert_not_saved(fixture, FWD_ERROR_FAILED);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                    \
  g_test_add("/core/settings-save/" name, Fixture, NULL, set_up, function, tear_down)
  ADD("new-file", test_new_file);
  ADD("existing-file", test_existing_file);
  ADD("wrong-file", test_wrong_file);
  ADD("wrong-profile", test_wrong_profile);
  ADD("no-directory", test_no_directory);
  return g_test_run();
}
