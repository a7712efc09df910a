/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The contract between host and plugin. A plugin is a shared object that
 * exports one symbol, `stunfwd_plugin`:
 *
 *   FWD_PLUGIN("my-strategy", "1.0", "MIT", my_register)
 *
 * and whose register function adds implementations by interface and id.
 * Everything happens on the main thread. A plugin is never unloaded.
 */
#pragma once

#include <glib-object.h>
#include <stunfwd/path.h>

G_BEGIN_DECLS

/** Same major and a minor not above the host's: loaded. Else refused, and the host goes on. */
#define FWD_ABI_MAJOR 1
#define FWD_ABI_MINOR 2

#define FWD_INTERFACE_STRATEGY  "stunfwd.Strategy"
#define FWD_INTERFACE_SIGNALING "stunfwd.Signaling"
#define FWD_INTERFACE_FORWARDER "stunfwd.Forwarder"

#define FWD_TYPE_PLUGIN_REGISTRY (fwd_plugin_registry_get_type())
G_DECLARE_FINAL_TYPE(FwdPluginRegistry, fwd_plugin_registry, FWD, PLUGIN_REGISTRY, GObject)

/** What the host needs to know before it makes an object. Copied by the registry. */
typedef struct {
  gint priority;           /**< of two with the same right to go first, the higher one does */
  FwdPathClass path_class; /**< strategies: what class of path it finds */
  guint limit_ms;          /**< strategies: when an attempt ends by itself at the latest */
  guint budget_packets;    /**< strategies: most packets an attempt sends */
  guint budget_mappings;   /**< strategies: most NAT table entries an attempt makes */
  const char *schemes;     /**< signaling: URL schemes, space-separated */
  const char *help;        /**< one line for people */
} FwdPluginMeta;

typedef struct {
  guint16 abi_major;
  guint16 abi_minor;
  const char *name;
  const char *version;
  const char *licence; /**< an SPDX identifier */
  gboolean (*register_types)(FwdPluginRegistry *registry, GError **error);
} FwdPlugin;

/**
 * Adds @type, which implements @interface, under @id ([a-z0-9-], at most 23
 * characters). Errors: FWD_PLUGIN_ERROR with INVALID for a type that does not
 * implement the interface or a bad id, REFUSED for an id that is taken.
 */
gboolean fwd_plugin_registry_add(FwdPluginRegistry *self, const char *interface, const char *id,
                                 GType type, const FwdPluginMeta *meta, GError **error);

/** Defines the one symbol that a plugin exports. */
#define FWD_PLUGIN(plugin_name, plugin_version, plugin_licence, register_function)             \
  __attribute__((visibility("default"))) extern const FwdPlugin stunfwd_plugin;                                       \
  const FwdPlugin stunfwd_plugin = {.abi_major = FWD_ABI_MAJOR,                                \
                                    .abi_minor = FWD_ABI_MINOR,                                \
                                    .name = plugin_name,                                       \
                                    .version = plugin_version,                                 \
                                    .licence = plugin_licence,                                 \
                                    .register_types = register_function};

G_END_DECLS
