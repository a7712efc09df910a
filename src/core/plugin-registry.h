/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The host's side of plugin.h: finds modules, loads those that fit, keeps what
 * they register. Main thread only.
 */
#pragma once

#include <stunfwd/plugin.h>

/** One implementation that a plugin registered. Owned by the registry. */
typedef struct {
  const char *interface;
  const char *id;
  GType type;
  FwdPluginMeta meta;
  const char *plugin; /**< name of the plugin */
} FwdImplementation;

/** One module file that was found. Owned by the registry. */
typedef struct {
  const char *file;
  const char *name;    /**< NULL if it could not be read */
  const char *version;
  const char *licence;
  guint abi_major, abi_minor;
  const char *refused; /**< why it is not used, one line; NULL when it is */
} FwdModuleInfo;

FwdPluginRegistry *fwd_plugin_registry_new(void);

/** Declares that @interface ("stunfwd.Strategy") means objects of @type. */
void fwd_plugin_registry_define(FwdPluginRegistry *self, const char *interface, GType type);

/**
 * Loads every module (*.la beside nothing better, else *.so) in @directory, in
 * the order of their names. A later one with an id that is taken is refused:
 * so load what shall win first. A missing directory is no error; nothing that
 * a module does wrong stops the host, short of crashing.
 */
void fwd_plugin_registry_load_directory(FwdPluginRegistry *self, const char *directory);

/**
 * The search order of all programs: @directories (--plugin-dir, may be NULL),
 * STUNFWD_PLUGIN_PATH (colon-separated), the installed directory.
 */
void fwd_plugin_registry_load_all(FwdPluginRegistry *self, const char *const *directories);

/** FwdImplementation pointers of @interface, highest priority first (transfer container). */
GPtrArray *fwd_plugin_registry_list(FwdPluginRegistry *self, const char *interface);
/** NULL if there is none. */
const FwdImplementation *fwd_plugin_registry_find(FwdPluginRegistry *self,
                                                  const char *interface, const char *id);
/** The signaling implementation whose schemes hold @scheme, or NULL. */
const FwdImplementation *fwd_plugin_registry_find_scheme(FwdPluginRegistry *self,
                                                         const char *scheme);
/** A new object (transfer full). Errors: FWD_PLUGIN_ERROR with UNSUPPORTED, naming the id. */
gpointer fwd_plugin_registry_create(FwdPluginRegistry *self, const char *interface,
                                    const char *id, GError **error);
/** FwdModuleInfo pointers in the order found (transfer container). */
GPtrArray *fwd_plugin_registry_list_modules(FwdPluginRegistry *self);
