/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Small plugins for the tests of the registry: one source, built once for each
 * way in which a plugin may be right or wrong.
 */
#include <stunfwd/error.h>
#include <stunfwd/plugin.h>

#ifndef TEST_ABI_MAJOR
#define TEST_ABI_MAJOR FWD_ABI_MAJOR
#endif
#ifndef TEST_ABI_MINOR
#define TEST_ABI_MINOR FWD_ABI_MINOR
#endif
#ifndef TEST_ID
#define TEST_ID TEST_NAME
#endif
#ifndef TEST_PRIORITY
#define TEST_PRIORITY 0
#endif
#ifndef TEST_RETURN
#define TEST_RETURN TRUE
#endif

typedef struct {
  GObject parent;
} TestObject;

typedef struct {
  GObjectClass parent;
} TestObjectClass;

/* Each module has a type of its own, named after it. */
static GType
register_type(void)
{
  return g_type_register_static_simple(G_TYPE_OBJECT, "Test-" TEST_NAME,
                                       sizeof(TestObjectClass), NULL, sizeof(TestObject), NULL,
                                       0);
}

static GType
get_type(void)
{
  static gsize type = 0;

  if (g_once_init_enter(&type))
    g_once_init_leave(&type, register_type());
  return type;
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  static const FwdPluginMeta meta = {.priority = TEST_PRIORITY, .help = "a test"};

  if (!fwd_plugin_registry_add(registry, "test.Object", TEST_NAME "-first", get_type(), &meta,
                               error) ||
      !fwd_plugin_registry_add(registry, "test.Object", TEST_ID, get_type(), &meta, error))
    return FALSE;
#ifdef TEST_ERROR
  g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_UNSUPPORTED, TEST_ERROR);
#endif
  return TEST_RETURN;
}

extern const FwdPlugin stunfwd_plugin;
const FwdPlugin stunfwd_plugin = {.abi_major = TEST_ABI_MAJOR,
                                  .abi_minor = TEST_ABI_MINOR,
                                  .name = TEST_NAME,
                                  .version = "1.2",
                                  .licence = "MIT",
                                  .register_types = register_types};
