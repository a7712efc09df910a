/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manage/control-socket.h"

#include <gio/gunixsocketaddress.h>
#include <stunfwd/error.h>
#include <unistd.h>

char *
fwd_control_socket_directory(void)
{
  if (geteuid() == 0 && !g_getenv("XDG_RUNTIME_DIR"))
    return g_strdup("/run/stunfwd");
  return g_build_filename(g_get_user_runtime_dir(), "stunfwd", NULL);
}

gboolean
fwd_control_socket_is_alive(const char *path)
{
  g_autoptr(GSocket) socket =
      g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);

  return socket && g_socket_connect(socket, address, NULL, NULL);
}

char *
fwd_control_socket_choose(const char *wanted, const char *name)
{
  g_autofree char *directory = fwd_control_socket_directory();
  g_autofree char *file = g_strconcat(name, ".sock", NULL);
  g_autofree char *path = g_build_filename(directory, file, NULL);
  g_autofree char *other = NULL;

  if (!wanted)
    wanted = g_getenv("STUNFWD_CONTROL");
  if (wanted)
    return g_strdup(wanted);
  if (!fwd_control_socket_is_alive(path))
    return g_steal_pointer(&path);
  other = g_strdup_printf("%s-%d.sock", name, (int)getpid());
  return g_build_filename(directory, other, NULL);
}

static GPtrArray *
list_alive(const char *directory)
{
  GPtrArray *alive = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);
  const char *name;

  while (entries && (name = g_dir_read_name(entries))) {
    g_autofree char *path = g_build_filename(directory, name, NULL);
    if (g_str_has_suffix(name, ".sock") && fwd_control_socket_is_alive(path))
      g_ptr_array_add(alive, g_steal_pointer(&path));
  }
  return alive;
}

char *
fwd_control_socket_find(const char *wanted, GError **error)
{
  g_autofree char *directory = fwd_control_socket_directory();
  g_autoptr(GPtrArray) alive = NULL;

  if (!wanted)
    wanted = g_getenv("STUNFWD_CONTROL");
  if (wanted)
    return g_strdup(wanted);
  alive = list_alive(directory);
  if (alive->len == 1)
    return g_strdup(alive->pdata[0]);
  if (alive->len == 0) {
    g_set_error(error, FWD_CONTROL_ERROR, FWD_ERROR_UNREACHABLE,
                "no stunfwd runs here (no control socket in %s)", directory);
  } else {
    g_autofree char *names = NULL;
    g_ptr_array_add(alive, NULL);
    names = g_strjoinv(" ", (char **)alive->pdata);
    g_set_error(error, FWD_CONTROL_ERROR, FWD_ERROR_INVALID,
                "several run here: choose one with --control: %s", names);
  }
  return NULL;
}
