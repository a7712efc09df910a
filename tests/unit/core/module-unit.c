/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/module.h"

#include <glib/gstdio.h>
#include <stunfwd/error.h>
#include <string.h>

static char *
find_module(const char *name)
{
  g_autofree char *file = g_strconcat(name, ".so", NULL);

  return g_test_build_filename(G_TEST_BUILT, "fakes", ".libs", file, NULL);
}

static void
assert_refused(const char *file, int code, const char *complaint)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_module_open(file, &error));
  g_test_message("%s", error->message);
  g_assert_error(error, FWD_PLUGIN_ERROR, code);
  g_assert_nonnull(strstr(error->message, complaint));
}

static void
test_good(void)
{
  g_autofree char *file = find_module("good");
  g_autoptr(GError) error = NULL;
  const FwdPlugin *plugin = fwd_module_open(file, &error);

  g_assert_no_error(error);
  g_assert_cmpstr(plugin->name, ==, "good");
  g_assert_true(fwd_module_check(plugin, &error));
  g_assert_true(fwd_module_open(file, &error) == plugin);
}

static void
test_libtool_file(void)
{
  g_autofree char *file = g_test_build_filename(G_TEST_BUILT, "fakes", "better.la", NULL);
  g_autofree char *library = g_test_build_filename(G_TEST_BUILT, "..", "libstunfwd.la", NULL);
  g_autofree char *parts = g_test_build_filename(G_TEST_BUILT, "..", "libcore.la", NULL);
  g_autoptr(GError) error = NULL;
  const FwdPlugin *plugin = fwd_module_open(file, &error);

  g_assert_no_error(error);
  g_assert_cmpstr(plugin->name, ==, "better");
  g_assert_true(fwd_module_is_candidate(file));
  g_assert_false(fwd_module_is_candidate(library));
  g_assert_false(fwd_module_is_candidate(parts));
  g_assert_false(fwd_module_is_candidate("/nowhere/x.la"));
}

static void
test_strangers(void)
{
  g_autofree char *no_symbol = find_module("no-symbol");
  g_autofree char *function = find_module("function-symbol");
  g_autofree char *small = find_module("small-symbol");
  g_autofree char *unresolved = find_module("unresolved");

  assert_refused(no_symbol, FWD_ERROR_INVALID, "exports no stunfwd_plugin");
  assert_refused(function, FWD_ERROR_INVALID, "no plugin descriptor");
  assert_refused(small, FWD_ERROR_INVALID, "no plugin descriptor");
  assert_refused(unresolved, FWD_ERROR_FAILED, "a_function_that_nobody_has");
  assert_refused("/nowhere/x.so", FWD_ERROR_FAILED, "No such file");
}

static void
test_garbage(void)
{
  g_autofree char *directory = g_dir_make_tmp("stunfwd-XXXXXX", NULL);
  g_autofree char *text = g_build_filename(directory, "text.so", NULL);
  g_autofree char *empty = g_build_filename(directory, "empty.so", NULL);
  g_autofree char *script = g_build_filename(directory, "script.la", NULL);
  g_autofree char *torn = g_build_filename(directory, "torn.so", NULL);
  g_autofree char *good = find_module("good");
  g_autofree char *bytes = NULL;

  g_assert_true(g_file_set_contents(text, "This is a poem.\n", -1, NULL));
  g_assert_true(g_file_set_contents(empty, "", 0, NULL));
  g_assert_true(g_file_set_contents(script, "rm -rf\n", -1, NULL));
  g_assert_true(g_file_get_contents(good, &bytes, NULL, NULL));
  g_assert_true(g_file_set_contents(torn, bytes, 100, NULL));
  assert_refused(text, FWD_ERROR_FAILED, "too short");
  assert_refused(empty, FWD_ERROR_FAILED, "too short");
  assert_refused(script, FWD_ERROR_INVALID, "names no shared object");
  assert_refused(torn, FWD_ERROR_FAILED, "torn.so");
  g_remove(text);
  g_remove(empty);
  g_remove(script);
  g_remove(torn);
  g_rmdir(directory);
}

static void
assert_check(const FwdPlugin *plugin, int code)
{
  g_autoptr(GError) error = NULL;

  g_assert_false(fwd_module_check(plugin, &error));
  g_assert_error(error, FWD_PLUGIN_ERROR, code);
}

static gboolean
register_nothing(FwdPluginRegistry *registry, GError **error)
{
  return TRUE;
}

static void
test_descriptor(void)
{
  const FwdPlugin good = {FWD_ABI_MAJOR, FWD_ABI_MINOR, "a", "1", "MIT", register_nothing};
  FwdPlugin plugin = good;

  g_assert_true(fwd_module_check(&plugin, NULL));
  plugin.abi_major++;
  assert_check(&plugin, FWD_ERROR_UNSUPPORTED);
  plugin.abi_major = 0;
  assert_check(&plugin, FWD_ERROR_UNSUPPORTED);
  plugin = good;
  plugin.abi_minor++;
  assert_check(&plugin, FWD_ERROR_UNSUPPORTED);
  plugin = good;
  plugin.name = "";
  assert_check(&plugin, FWD_ERROR_INVALID);
  plugin = good;
  plugin.version = NULL;
  assert_check(&plugin, FWD_ERROR_INVALID);
  plugin = good;
  plugin.licence = NULL;
  assert_check(&plugin, FWD_ERROR_INVALID);
  plugin = good;
  plugin.register_types = NULL;
  assert_check(&plugin, FWD_ERROR_INVALID);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/core/module/good", test_good);
  g_test_add_func("/core/module/libtool-file", test_libtool_file);
  g_test_add_func("/core/module/strangers", test_strangers);
  g_test_add_func("/core/module/garbage", test_garbage);
  g_test_add_func("/core/module/descriptor", test_descriptor);
  return g_test_run();
}
