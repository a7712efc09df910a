/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settings.h"

#include <glib/gstdio.h>
#include <stunfwd/error.h>
#include <string.h>

#define OFFICE "[stunfwd/profiles/office]\n"

typedef struct {
  char *directory;
  char *file;
  char *other; /* in the same directory, to be renamed over the file */
  FwdSettings *settings;
  GString *changes;
  GMainLoop *loop;
} Fixture;

static void
write_to(const char *file, const char *text)
{
  FILE *stream = g_fopen(file, "w");

  g_assert_nonnull(stream);
  g_assert_cmpint(fputs(text, stream), >=, 0);
  g_assert_cmpint(fclose(stream), ==, 0);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->directory = g_dir_make_tmp("stunfwd-XXXXXX", NULL);
  fixture->file = g_build_filename(fixture->directory, "stunfwd.conf", NULL);
  fixture->other = g_build_filename(fixture->directory, "stunfwd.conf.new", NULL);
  fixture->changes = g_string_new(NULL);
  fixture->loop = g_main_loop_new(NULL, FALSE);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_clear_object(&fixture->settings);
  g_remove(fixture->file);
  g_remove(fixture->other);
  g_rmdir(fixture->directory);
  g_free(fixture->directory);
  g_free(fixture->file);
  g_free(fixture->other);
  g_string_free(fixture->changes, TRUE);
  g_main_loop_unref(fixture->loop);
}

static void
on_changed(FwdSettings *settings, const char *profile, Fixture *fixture)
{
  g_string_append_printf(fixture->changes, "<%s>", profile);
  g_main_loop_quit(fixture->loop);
}

static void
open_settings(Fixture *fixture, const char *text)
{
  g_autoptr(GError) error = NULL;

  write_to(fixture->file, text);
  fixture->settings = fwd_settings_new(fixture->file, &error);
  g_assert_no_error(error);
  g_signal_connect(fixture->settings, "changed", G_CALLBACK(on_changed), fixture);
}

static gboolean
give_up(gpointer data)
{
  g_error("no change was noticed");
  return G_SOURCE_REMOVE;
}

static void
wait_for_change(Fixture *fixture)
{
  guint limit = g_timeout_add_seconds(30, give_up, NULL);

  g_main_loop_run(fixture->loop);
  g_source_remove(limit);
}

static void
assert_mapping(Fixture *fixture, const char *profile, const char *expected)
{
  g_auto(GStrv) mappings = NULL;

  g_object_get(fwd_settings_get_profile(fixture->settings, profile), "mappings", &mappings,
               NULL);
  g_assert_cmpstr(mappings[0], ==, expected);
}

static void
test_no_file(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) profiles = NULL;

  fixture->settings = fwd_settings_new(NULL, &error);
  g_assert_no_error(error);
  profiles = fwd_settings_list_profiles(fixture->settings);
  g_assert_cmpuint(g_strv_length(profiles), ==, 0);
  g_assert_null(fwd_settings_get_profile(fixture->settings, "office"));
  g_assert_cmpstr(fwd_settings_get_log_level(fixture->settings), ==, "info");
  g_assert_cmpstr(fwd_settings_get_control(fixture->settings), ==, "");
  g_assert_cmpstr(fwd_settings_get_http(fixture->settings), ==, "");
  g_assert_true(fwd_settings_reload(fixture->settings, &error));
}

static void
test_values(Fixture *fixture, gconstpointer data)
{
  g_auto(GStrv) profiles = NULL;
  g_autofree char *url = NULL;
  g_autofree char *name = NULL;
  g_autofree char *room = NULL;
  g_auto(GStrv) stun = NULL;
  FwdRole role;

  open_settings(fixture, "[stunfwd]\nlog-level='debug'\ncontrol='/run/c'\nhttp='127.0.0.1:1'\n"
                         "[stunfwd/profiles/z]\nrole='server'\n"
                         "[stunfwd/profiles/a]\nrole=client\nroom='r'\nstun=['s:1', 't:2']\n"
                         "signaling-url='wss://example.org/'\nmappings=['tcp:1:2']\n");
  profiles = fwd_settings_list_profiles(fixture->settings);
  g_assert_cmpuint(g_strv_length(profiles), ==, 2);
  g_assert_cmpstr(profiles[0], ==, "z");
  g_assert_cmpstr(profiles[1], ==, "a");
  g_assert_cmpstr(fwd_settings_get_log_level(fixture->settings), ==, "debug");
  g_assert_cmpstr(fwd_settings_get_control(fixture->settings), ==, "/run/c");
  g_assert_cmpstr(fwd_settings_get_http(fixture->settings), ==, "127.0.0.1:1");
  g_object_get(fwd_settings_get_profile(fixture->settings, "z"), "role", &role, NULL);
  g_assert_cmpuint(role, ==, FWD_ROLE_SERVER);
  g_object_get(fwd_settings_get_profile(fixture->settings, "a"), "role", &role, "name", &name,
               "room", &room, "signaling-url", &url, "stun", &stun, NULL);
  g_assert_cmpuint(role, ==, FWD_ROLE_CLIENT);
  g_assert_cmpstr(name, ==, "a");
  g_assert_cmpstr(room, ==, "r");
  g_assert_cmpstr(url, ==, "wss://example.org/");
  g_assert_cmpstr(stun[1], ==, "t:2");
  assert_mapping(fixture, "a", "tcp:1:2");
}

static void
test_wrong_file(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) missing = NULL;
  g_autoptr(GError) wrong = NULL;

  g_assert_null(fwd_settings_new(fixture->file, &missing));
  g_assert_error(missing, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID);
  g_assert_nonnull(strstr(missing->message, fixture->file));
  write_to(fixture->file, OFFICE "mappings=['tcp']\n");
  g_assert_null(fwd_settings_new(fixture->file, &wrong));
  g_assert_error(wrong, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID);
  g_assert_true(g_str_has_prefix(wrong->message, fixture->file));
  g_assert_nonnull(strstr(wrong->message, "[stunfwd/profiles/office] mappings: "));
}

static void
test_large_file(Fixture *fixture, gconstpointer data)
{
  g_autofree char *large = g_strnfill(1024 * 1024 + 1, '\n');
  g_autoptr(GError) error = NULL;

  write_to(fixture->file, large);
  g_assert_null(fwd_settings_new(fixture->file, &error));
  g_assert_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID);
  g_assert_nonnull(strstr(error->message, "larger than 1048576 bytes"));
}

static void
test_write_in_place(Fixture *fixture, gconstpointer data)
{
  FwdProfile *profile;

  open_settings(fixture, OFFICE "mappings=['tcp:1:2']\n");
  profile = fwd_settings_get_profile(fixture->settings, "office");
  write_to(fixture->file, OFFICE "mappings=['tcp:3:4']\n");
  wait_for_change(fixture);
  g_assert_cmpstr(fixture->changes->str, ==, "<office>");
  g_assert_true(fwd_settings_get_profile(fixture->settings, "office") == profile);
  assert_mapping(fixture, "office", "tcp:3:4");
}

static void
test_atomic_rename(Fixture *fixture, gconstpointer data)
{
  open_settings(fixture, OFFICE "mappings=['tcp:1:2']\n");
  for (guint i = 0; i < 2; i++) {
    g_autofree char *text = g_strdup_printf(OFFICE "mappings=['tcp:%u:4']\n", 10 + i);
    g_autofree char *mapping = g_strdup_printf("tcp:%u:4", 10 + i);

    write_to(fixture->other, text);
    g_assert_cmpint(g_rename(fixture->other, fixture->file), ==, 0);
    wait_for_change(fixture);
    assert_mapping(fixture, "office", mapping);
  }
  g_assert_cmpstr(fixture->changes->str, ==, "<office><office>");
}

static void
test_come_and_go(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdProfile) office = NULL;
  g_auto(GStrv) profiles = NULL;

  open_settings(fixture, OFFICE "role='client'\n[stunfwd/profiles/same]\nrole='client'\n");
  office = g_object_ref(fwd_settings_get_profile(fixture->settings, "office"));
  write_to(fixture->file, "[stunfwd]\nlog-level='error'\n[stunfwd/profiles/new]\n"
                          "[stunfwd/profiles/same]\nrole='client'\n");
  g_assert_true(fwd_settings_reload(fixture->settings, NULL));
  g_assert_cmpstr(fixture->changes->str, ==, "<><new><office>");
  g_assert_null(fwd_settings_get_profile(fixture->settings, "office"));
  profiles = fwd_settings_list_profiles(fixture->settings);
  g_assert_cmpstr(profiles[0], ==, "new");
  g_assert_cmpstr(profiles[1], ==, "same");
  g_assert_null(profiles[2]);
}

static void
test_invalid_edit(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  open_settings(fixture, "[stunfwd]\nlog-level='error'\n" OFFICE "mappings=['tcp:1:2']\n");
  write_to(fixture->file, "[stunfwd]\nlog-level='debug'\n" OFFICE "mappings=['tcp:1']\n");
  g_assert_false(fwd_settings_reload(fixture->settings, &error));
  g_assert_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID);
  g_assert_cmpstr(fixture->changes->str, ==, "");
  g_assert_cmpstr(fwd_settings_get_log_level(fixture->settings), ==, "error");
  assert_mapping(fixture, "office", "tcp:1:2");
  g_clear_error(&error);
  g_remove(fixture->file);
  g_assert_false(fwd_settings_reload(fixture->settings, &error));
  assert_mapping(fixture, "office", "tcp:1:2");
}

/* The invalid edit is noticed and passed over; the valid one after it counts. */
static void
test_watch_survives_invalid_edit(Fixture *fixture, gconstpointer data)
{
  open_settings(fixture, OFFICE "mappings=['tcp:1:2']\n");
  write_to(fixture->file, "garbage\n");
  while (g_main_context_iteration(NULL, FALSE))
    ;
  assert_mapping(fixture, "office", "tcp:1:2");
  write_to(fixture->file, OFFICE "mappings=['tcp:5:6']\n");
  wait_for_change(fixture);
  assert_mapping(fixture, "office", "tcp:5:6");
}

static void
test_same_values_are_no_change(Fixture *fixture, gconstpointer data)
{
  open_settings(fixture, OFFICE "mappings=['tcp:1:2']\n");
  write_to(fixture->file, "# a comment\n" OFFICE "mappings=[ 'tcp:1:2' ]\nrole='client'\n");
  g_assert_true(fwd_settings_reload(fixture->settings, NULL));
  g_assert_cmpstr(fixture->changes->str, ==, "");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                    \
  g_test_add("/core/settings/" name, Fixture, NULL, set_up, function, tear_down)
  ADD("no-file", test_no_file);
  ADD("values", test_values);
  ADD("wrong-file", test_wrong_file);
  ADD("large-file", test_large_file);
  ADD("write-in-place", test_write_in_place);
  ADD("atomic-rename", test_atomic_rename);
  ADD("come-and-go", test_come_and_go);
  ADD("invalid-edit", test_invalid_edit);
  ADD("watch-survives-invalid-edit", test_watch_survives_invalid_edit);
  ADD("same-values-are-no-change", test_same_values_are_no_change);
  return g_test_run();
}
