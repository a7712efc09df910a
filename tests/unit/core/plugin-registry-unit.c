/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/plugin-registry.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stunfwd/error.h>
#include <string.h>

#define KIND "test.Object"

typedef struct {
  FwdPluginRegistry *registry;
  char *directory;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->registry = fwd_plugin_registry_new();
  fwd_plugin_registry_define(fixture->registry, KIND, G_TYPE_OBJECT);
  fwd_plugin_registry_define(fixture->registry, FWD_INTERFACE_SIGNALING, G_TYPE_OBJECT);
  fixture->directory = g_dir_make_tmp("stunfwd-XXXXXX", NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GDir) directory = g_dir_open(fixture->directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name(directory)) != NULL) {
    g_autofree char *file = g_build_filename(fixture->directory, name, NULL);
    g_remove(file);
  }
  g_rmdir(fixture->directory);
  g_free(fixture->directory);
  g_object_unref(fixture->registry);
}

/* Puts a module of the build tree into the directory under the name @as. */
static void
install(Fixture *fixture, const char *module, const char *as)
{
  g_autofree char *name = g_strconcat(module, ".so", NULL);
  g_autofree char *from = g_test_build_filename(G_TEST_BUILT, "fakes", ".libs", name, NULL);
  g_autofree char *to = g_build_filename(fixture->directory, as, NULL);
  g_autoptr(GFile) link = g_file_new_for_path(to);

  g_assert_true(g_file_make_symbolic_link(link, from, NULL, NULL));
}

static void
write_file(Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *file = g_build_filename(fixture->directory, name, NULL);

  g_assert_true(g_file_set_contents(file, text, -1, NULL));
}

static const FwdModuleInfo *
load(Fixture *fixture, guint expected)
{
  g_autoptr(GPtrArray) modules = NULL;

  fwd_plugin_registry_load_directory(fixture->registry, fixture->directory);
  modules = fwd_plugin_registry_list_modules(fixture->registry);
  g_assert_cmpuint(modules->len, ==, expected);
  return expected > 0 ? modules->pdata[expected - 1] : NULL;
}

static guint
count_implementations(Fixture *fixture)
{
  g_autoptr(GPtrArray) list = fwd_plugin_registry_list(fixture->registry, KIND);

  return list->len;
}

static void
test_good(Fixture *fixture, gconstpointer data)
{
  const FwdImplementation *implementation;
  const FwdModuleInfo *info;

  install(fixture, "good", "good.so");
  info = load(fixture, 1);
  g_assert_null(info->refused);
  g_assert_cmpstr(info->name, ==, "good");
  g_assert_cmpstr(info->version, ==, "1.2");
  g_assert_cmpstr(info->licence, ==, "MIT");
  g_assert_cmpuint(info->abi_major, ==, FWD_ABI_MAJOR);
  g_assert_true(g_str_has_suffix(info->file, "/good.so"));
  implementation = fwd_plugin_registry_find(fixture->registry, KIND, "good");
  g_assert_cmpstr(implementation->plugin, ==, "good");
  g_assert_cmpint(implementation->meta.priority, ==, 5);
  g_assert_cmpstr(implementation->meta.help, ==, "a test");
  g_assert_null(fwd_plugin_registry_find(fixture->registry, "test.Other", "good"));
}

static void
test_create(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GObject) object = NULL;

  install(fixture, "good", "good.so");
  load(fixture, 1);
  object = fwd_plugin_registry_create(fixture->registry, KIND, "good", &error);
  g_assert_no_error(error);
  g_assert_cmpstr(G_OBJECT_TYPE_NAME(object), ==, "Test-good");
  g_assert_null(fwd_plugin_registry_create(fixture->registry, KIND, "absent", &error));
  g_assert_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_nonnull(strstr(error->message, "\"absent\""));
}

static void
test_priority(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GPtrArray) list = NULL;
  const char *const expected[] = {"better-first", "better", "good-first", "good"};

  install(fixture, "good", "a.so");
  install(fixture, "better", "b.so");
  load(fixture, 2);
  list = fwd_plugin_registry_list(fixture->registry, KIND);
  g_assert_cmpuint(list->len, ==, G_N_ELEMENTS(expected));
  for (guint i = 0; i < list->len; i++)
    g_assert_cmpstr(((FwdImplementation *)list->pdata[i])->id, ==, expected[i]);
}

static const struct {
  const char *module;
  const char *complaint;
} refusals[] = {
    {"other-major", "built for plugin ABI 2."},
    {"higher-minor", "built for plugin ABI 1.999"},
    {"no-symbol", "exports no stunfwd_plugin"},
    {"function-symbol", "no plugin descriptor"},
    {"small-symbol", "no plugin descriptor"},
    {"nameless", "lacks a name"},
    {"unresolved", "a_function_that_nobody_has"},
    {"bad-id", "\"Bad_Id\" is no id"},
    {"failing", "it did not register: no radio here"},
    {"silent", "it gave no reason"},
};

/* None of them keeps anything in the registry, and the one that is good still loads. */
static void
test_refused(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GPtrArray) modules = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
    g_autofree char *as = g_strdup_printf("%02" G_GSIZE_FORMAT ".so", i);
    install(fixture, refusals[i].module, as);
  }
  install(fixture, "good", "99.so");
  load(fixture, G_N_ELEMENTS(refusals) + 1);
  modules = fwd_plugin_registry_list_modules(fixture->registry);
  for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
    const FwdModuleInfo *info = modules->pdata[i];

    g_test_message("%s: %s", refusals[i].module, info->refused);
    g_assert_nonnull(strstr(info->refused, refusals[i].complaint));
  }
  g_assert_cmpuint(count_implementations(fixture), ==, 2);
}

static void
test_corrupt(Fixture *fixture, gconstpointer data)
{
  write_file(fixture, "poem.so", "This is a poem.\n");
  g_assert_nonnull(load(fixture, 1)->refused);
  g_assert_cmpuint(count_implementations(fixture), ==, 0);
}

static void
test_other_files(Fixture *fixture, gconstpointer data)
{
  write_file(fixture, "README", "nothing\n");
  write_file(fixture, "so", "nothing\n");
  write_file(fixture, "library.la", "# a library\nshouldnotlink=no\ndlname='x.so'\n");
  load(fixture, 0);
  fwd_plugin_registry_load_directory(fixture->registry, "/nowhere/at/all");
  load(fixture, 0);
}

static void
test_libtool_file(Fixture *fixture, gconstpointer data)
{
  const FwdModuleInfo *info;

  install(fixture, "good", "good.so");
  write_file(fixture, "good.la",
             "# beside\ndlname='good.so'\ninstalled=yes\nshouldnotlink=yes\n");
  info = load(fixture, 1);
  g_assert_null(info->refused);
  g_assert_true(g_str_has_suffix(info->file, ".so"));
}

/* Of two copies of a plugin the one that is found first wins; its types are not registered
 * twice. */
static void
test_same_plugin_twice(Fixture *fixture, gconstpointer data)
{
  const FwdModuleInfo *info;

  install(fixture, "good", "a.so");
  install(fixture, "same-name", "b.so");
  info = load(fixture, 2);
  g_assert_nonnull(strstr(info->refused, "already loaded from"));
  g_assert_cmpuint(count_implementations(fixture), ==, 2);
  load(fixture, 2);
}

static void
test_same_id(Fixture *fixture, gconstpointer data)
{
  const FwdModuleInfo *info;

  install(fixture, "good", "a.so");
  install(fixture, "same-id", "b.so");
  info = load(fixture, 2);
  g_assert_nonnull(strstr(info->refused, "already provided by plugin \"good\""));
  g_assert_cmpuint(count_implementations(fixture), ==, 2);
  g_assert_null(fwd_plugin_registry_find(fixture->registry, KIND, "same-id-first"));
}

/* What --plugin-dir names goes before STUNFWD_PLUGIN_PATH, which may hold empty and missing
 * parts. */
static void
test_search_order(Fixture *fixture, gconstpointer data)
{
  const char *const first[] = {fixture->directory, NULL};
  g_autofree char *before = g_strdup(g_getenv("STUNFWD_PLUGIN_PATH"));
  g_autofree char *path = NULL;
  g_autoptr(GPtrArray) modules = NULL;
  Fixture second;

  set_up(&second, data);
  install(fixture, "same-id", "z.so");
  install(&second, "good", "a.so");
  path = g_strconcat(":", second.directory, ":/nowhere:", second.directory, NULL);
  g_setenv("STUNFWD_PLUGIN_PATH", path, TRUE);
  fwd_plugin_registry_load_all(fixture->registry, first);
  g_setenv("STUNFWD_PLUGIN_PATH", before != NULL ? before : "", TRUE);
  modules = fwd_plugin_registry_list_modules(fixture->registry);
  g_assert_cmpuint(modules->len, >=, 2);
  g_assert_null(((FwdModuleInfo *)modules->pdata[0])->refused);
  g_assert_nonnull(((FwdModuleInfo *)modules->pdata[1])->refused);
  g_assert_cmpstr(fwd_plugin_registry_find(fixture->registry, KIND, "good")->plugin, ==,
                  "same-id");
  tear_down(&second, data);
}

static gboolean
add(Fixture *fixture, const char *interface, const char *id, GType type, int code)
{
  g_autoptr(GError) error = NULL;

  if (fwd_plugin_registry_add(fixture->registry, interface, id, type, NULL, &error))
    return TRUE;
  g_assert_error(error, FWD_PLUGIN_ERROR, code);
  return FALSE;
}

static void
test_add(Fixture *fixture, gconstpointer data)
{
  GType type = G_TYPE_SIMPLE_ACTION;

  g_assert_true(add(fixture, KIND, "a", type, 0));
  g_assert_true(add(fixture, KIND, "abcdefghijklmnopqrstu-9", type, 0));
  g_assert_false(add(fixture, KIND, "abcdefghijklmnopqrstu-10", type, FWD_ERROR_INVALID));
  g_assert_false(add(fixture, KIND, "", type, FWD_ERROR_INVALID));
  g_assert_false(add(fixture, KIND, NULL, type, FWD_ERROR_INVALID));
  g_assert_false(add(fixture, KIND, "a b", type, FWD_ERROR_INVALID));
  g_assert_false(add(fixture, KIND, "a", type, FWD_ERROR_REFUSED));
  g_assert_true(add(fixture, FWD_INTERFACE_SIGNALING, "a", type, 0));
  g_assert_false(add(fixture, "test.Unknown", "b", type, FWD_ERROR_INVALID));
  g_assert_false(add(fixture, NULL, "b", type, FWD_ERROR_INVALID));
  g_assert_cmpuint(count_implementations(fixture), ==, 2);
}

static void
test_add_wrong_type(Fixture *fixture, gconstpointer data)
{
  fwd_plugin_registry_define(fixture->registry, "test.Action", G_TYPE_ACTION);
  g_assert_true(add(fixture, "test.Action", "a", G_TYPE_SIMPLE_ACTION, 0));
  g_assert_false(add(fixture, "test.Action", "b", G_TYPE_MENU, FWD_ERROR_INVALID));
  g_assert_false(add(fixture, "test.Action", "b", G_TYPE_ACTION, FWD_ERROR_INVALID));
  g_assert_false(add(fixture, "test.Action", "b", G_TYPE_STRING, FWD_ERROR_INVALID));
  g_assert_false(add(fixture, "test.Action", "b", G_TYPE_INVALID, FWD_ERROR_INVALID));
  g_assert_false(add(fixture, KIND, "b", G_TYPE_MENU_MODEL, FWD_ERROR_INVALID));
}

static void
test_scheme(Fixture *fixture, gconstpointer data)
{
  const FwdPluginMeta sockets = {.schemes = "ws wss"};
  const FwdPluginMeta slots = {.schemes = "http https", .priority = 3};
  FwdPluginRegistry *registry = fixture->registry;

  g_assert_true(fwd_plugin_registry_add(registry, FWD_INTERFACE_SIGNALING, "websocket",
                                        G_TYPE_SIMPLE_ACTION, &sockets, NULL));
  g_assert_true(fwd_plugin_registry_add(registry, FWD_INTERFACE_SIGNALING, "http",
                                        G_TYPE_SIMPLE_ACTION, &slots, NULL));
  g_assert_true(
      fwd_plugin_registry_add(registry, KIND, "other", G_TYPE_SIMPLE_ACTION, &sockets, NULL));
  g_assert_cmpstr(fwd_plugin_registry_find_scheme(registry, "wss")->id, ==, "websocket");
  g_assert_cmpstr(fwd_plugin_registry_find_scheme(registry, "HTTP")->id, ==, "http");
  g_assert_null(fwd_plugin_registry_find_scheme(registry, "w"));
  g_assert_null(fwd_plugin_registry_find_scheme(registry, ""));
  g_assert_null(fwd_plugin_registry_find_scheme(registry, "ws wss"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                    \
  g_test_add("/core/plugin-registry/" name, Fixture, NULL, set_up, function, tear_down)
  ADD("good", test_good);
  ADD("create", test_create);
  ADD("priority", test_priority);
  ADD("refused", test_refused);
  ADD("corrupt", test_corrupt);
  ADD("other-files", test_other_files);
  ADD("libtool-file", test_libtool_file);
  ADD("same-plugin-twice", test_same_plugin_twice);
  ADD("same-id", test_same_id);
  ADD("search-order", test_search_order);
  ADD("add", test_add);
  ADD("add-wrong-type", test_add_wrong_type);
  ADD("scheme", test_scheme);
  return g_test_run();
}
