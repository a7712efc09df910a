/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core/module.h"

#include "core/module-file.h"
#include "core/read-file.h"
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <ltdl.h>
#include <stunfwd/error.h>
#include <string.h>

#define SYMBOL "stunfwd_plugin"
/* libtool writes about 1 KiB. */
#define LIBTOOL_FILE_MAX 65536

/* The value of a line "name='value'" or "name=value". */
static char *
find_value(const char *text, const char *name)
{
  g_autofree char *start = g_strdup_printf("\n%s=", name);
  const char *value = strstr(text, start);

  if (value == NULL)
    return NULL;
  value += strlen(start);
  if (value[0] == '\'')
    value++;
  return g_strndup(value, strcspn(value, "'\n"));
}

gboolean
fwd_module_is_candidate(const char *file)
{
  g_autofree char *text = NULL;
  g_autofree char *only_module = NULL;

  if (!g_str_has_suffix(file, ".la"))
    return TRUE;
  text = fwd_read_file(file, LIBTOOL_FILE_MAX, NULL, NULL);
  if (text != NULL)
    only_module = find_value(text, "shouldnotlink");
  return g_strcmp0(only_module, "yes") == 0;
}

/* The shared object that a .la stands for: in .libs until it is installed. */
static char *
find_object(const char *file, GError **error)
{
  g_autofree char *directory = g_path_get_dirname(file);
  g_autofree char *text = NULL;
  g_autofree char *object = NULL;
  g_autofree char *installed = NULL;

  if (!g_str_has_suffix(file, ".la"))
    return g_strdup(file);
  text = fwd_read_file(file, LIBTOOL_FILE_MAX, NULL, NULL);
  if (text != NULL)
    object = find_value(text, "dlname");
  if (object == NULL || object[0] == '\0') {
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_INVALID, "it names no shared object");
    return NULL;
  }
  installed = find_value(text, "installed");
  if (g_strcmp0(installed, "yes") == 0)
    return g_build_filename(directory, object, NULL);
  return g_build_filename(directory, ".libs", object, NULL);
}

/*
 * libltdl says "file not found" of every failure, and binds lazily, so that a
 * symbol that is missing would end the host later. The plain loader tells.
 */
static void *
probe(const char *file, GError **error)
{
  g_autofree char *object = find_object(file, error);
  g_autofree char *absolute = NULL;
  void *handle;

  if (object == NULL)
    return NULL;
  absolute = g_canonicalize_filename(object, NULL);
  if (!fwd_module_file_check(absolute, error))
    return NULL;
  handle = dlopen(absolute, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL)
    g_set_error_literal(error, FWD_PLUGIN_ERROR, FWD_ERROR_FAILED, dlerror());
  return handle;
}

/* libltdl is never shut down, since what it opened is never unloaded. */
static gboolean
start_loader(void)
{
  static gsize started = 0;

  if (g_once_init_enter(&started))
    g_once_init_leave(&started, lt_dlinit() == 0 ? 1 : 2);
  return started == 1;
}

static lt_dlhandle
open_resident(const char *file)
{
  lt_dlhandle handle = NULL;
  lt_dladvise advise;

  if (!start_loader() || lt_dladvise_init(&advise) != 0)
    return NULL;
  if (lt_dladvise_ext(&advise) == 0 && lt_dladvise_local(&advise) == 0 &&
      lt_dladvise_resident(&advise) == 0)
    handle = lt_dlopenadvise(file, advise);
  lt_dladvise_destroy(&advise);
  return handle;
}

/* A function or a small variable of the same name is not to be read as a descriptor. */
static gboolean
is_descriptor(const void *address)
{
  const ElfW(Sym) *symbol = NULL;
  Dl_info info;

  if (dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0 || symbol == NULL)
    return FALSE;
  return ELF64_ST_TYPE(symbol->st_info) == STT_OBJECT && symbol->st_size >= sizeof(FwdPlugin);
}

const FwdPlugin *
fwd_module_open(const char *file, GError **error)
{
  void *probed = probe(file, error);
  const FwdPlugin *plugin = NULL;
  lt_dlhandle handle;

  if (probed == NULL)
    return NULL;
  handle = open_resident(file);
  if (handle == NULL) {
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_FAILED, "%s", lt_dlerror());
    dlclose(probed);
    return NULL;
  }
  dlclose(probed);
  plugin = lt_dlsym(handle, SYMBOL);
  if (plugin == NULL)
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_INVALID, "it exports no " SYMBOL);
  else if (!is_descriptor(plugin)) {
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_INVALID,
                "what it exports as " SYMBOL " is no plugin descriptor");
    plugin = NULL;
  }
  return plugin;
}

gboolean
fwd_module_check(const FwdPlugin *plugin, GError **error)
{
  if (plugin->abi_major != FWD_ABI_MAJOR || plugin->abi_minor > FWD_ABI_MINOR) {
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_UNSUPPORTED,
                "it was built for plugin ABI %u.%u, the host has %d.%d", plugin->abi_major,
                plugin->abi_minor, FWD_ABI_MAJOR, FWD_ABI_MINOR);
    return FALSE;
  }
  if (plugin->name == NULL || plugin->name[0] == '\0' || plugin->version == NULL ||
      plugin->licence == NULL || plugin->register_types == NULL) {
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_INVALID,
                "its descriptor lacks a name, version, licence or register function");
    return FALSE;
  }
  return TRUE;
}
