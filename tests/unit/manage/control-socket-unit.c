/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manage/control-socket.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <stunfwd/error.h>
#include <unistd.h>

/* The run-time directory of this program; GLib asks for it once. */
static char *run_time_directory;

typedef struct {
  char *directory;
  GPtrArray *sockets; /* that listen */
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->directory = fwd_control_socket_directory();
  fixture->sockets = g_ptr_array_new_with_free_func(g_object_unref);
  g_assert_cmpint(g_mkdir_with_parents(fixture->directory, 0700), ==, 0);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GDir) entries = g_dir_open(fixture->directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name(entries))) {
    g_autofree char *path = g_build_filename(fixture->directory, name, NULL);
    g_unlink(path);
  }
  g_rmdir(fixture->directory);
  g_ptr_array_unref(fixture->sockets);
  g_free(fixture->directory);
  g_unsetenv("STUNFWD_CONTROL");
}

static char *
path_of(Fixture *fixture, const char *name)
{
  return g_build_filename(fixture->directory, name, NULL);
}

/* Somebody listens at @name in the folder; returns its path (transfer full). */
static char *
occupy(Fixture *fixture, const char *name)
{
  g_autofree char *path = path_of(fixture, name);
  g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
  GSocket *socket =
      g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr(GError) error = NULL;

  g_socket_bind(socket, address, FALSE, &error);
  g_assert_no_error(error);
  g_assert_true(g_socket_listen(socket, NULL));
  g_ptr_array_add(fixture->sockets, socket);
  return g_steal_pointer(&path);
}

/* The socket stays in the folder, but nobody listens any more. */
static void
go_away(Fixture *fixture)
{
  g_ptr_array_set_size(fixture->sockets, 0);
}

static void
test_directory(Fixture *fixture, gconstpointer data)
{
  g_autofree char *expected = g_build_filename(run_time_directory, "stunfwd", NULL);

  g_assert_cmpstr(fixture->directory, ==, expected);
}

static void
test_alive(Fixture *fixture, gconstpointer data)
{
  g_autofree char *nothing = path_of(fixture, "nothing.sock");
  g_autofree char *file = path_of(fixture, "file.sock");
  g_autofree char *path = occupy(fixture, "a.sock");

  g_assert_true(g_file_set_contents(file, "", 0, NULL));
  g_assert_true(fwd_control_socket_is_alive(path));
  g_assert_false(fwd_control_socket_is_alive(nothing));
  g_assert_false(fwd_control_socket_is_alive(file));
  go_away(fixture);
  g_assert_false(fwd_control_socket_is_alive(path));
}

/* No path of a socket is as long as that: it is dead, and nobody crashes. */
static void
test_long_path(Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = g_strnfill(300, 'x');
  g_autofree char *path = path_of(fixture, name);

  g_assert_false(fwd_control_socket_is_alive(path));
}

static void
test_choose_order(Fixture *fixture, gconstpointer data)
{
  g_autofree char *usual = fwd_control_socket_choose(NULL, "client");
  g_autofree char *expected = path_of(fixture, "client.sock");
  g_autofree char *environment = NULL, *wanted = NULL;

  g_assert_cmpstr(usual, ==, expected);
  g_setenv("STUNFWD_CONTROL", "/from/environment", TRUE);
  environment = fwd_control_socket_choose(NULL, "client");
  g_assert_cmpstr(environment, ==, "/from/environment");
  wanted = fwd_control_socket_choose("/wanted", "client");
  g_assert_cmpstr(wanted, ==, "/wanted");
}

static void
test_choose_beside_another(Fixture *fixture, gconstpointer data)
{
  g_autofree char *taken = occupy(fixture, "client.sock");
  g_autofree char *name = g_strdup_printf("client-%d.sock", (int)getpid());
  g_autofree char *expected = path_of(fixture, name);
  g_autofree char *beside = fwd_control_socket_choose(NULL, "client");
  g_autofree char *server = fwd_control_socket_choose(NULL, "server");
  g_autofree char *again = NULL;

  g_assert_cmpstr(beside, ==, expected);
  g_assert_true(g_str_has_suffix(server, "/server.sock"));
  go_away(fixture);
  again = fwd_control_socket_choose(NULL, "client");
  g_assert_cmpstr(again, ==, taken);
}

static void
test_find_none(Fixture *fixture, gconstpointer data)
{
  g_autofree char *dead = occupy(fixture, "dead.sock");
  g_autoptr(GError) error = NULL, without = NULL;

  go_away(fixture);
  g_assert_null(fwd_control_socket_find(NULL, &error));
  g_assert_error(error, FWD_CONTROL_ERROR, FWD_ERROR_UNREACHABLE);
  g_assert_nonnull(strstr(error->message, fixture->directory));
  g_unlink(dead);
  g_rmdir(fixture->directory);
  g_assert_null(fwd_control_socket_find(NULL, &without));
  g_assert_error(without, FWD_CONTROL_ERROR, FWD_ERROR_UNREACHABLE);
  g_assert_cmpint(g_mkdir(fixture->directory, 0700), ==, 0);
}

/* The only one that is alive, whatever its name; other files do not count. */
static void
test_find_one(Fixture *fixture, gconstpointer data)
{
  g_autofree char *alive = occupy(fixture, "anything.sock");
  g_autofree char *other = occupy(fixture, "anything.socket");
  g_autofree char *found = fwd_control_socket_find(NULL, NULL);

  g_assert_cmpstr(found, ==, alive);
}

static void
test_find_several(Fixture *fixture, gconstpointer data)
{
  g_autofree char *one = occupy(fixture, "client.sock");
  g_autofree char *two = occupy(fixture, "server.sock");
  g_autofree char *environment = NULL, *wanted = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_control_socket_find(NULL, &error));
  g_assert_error(error, FWD_CONTROL_ERROR, FWD_ERROR_INVALID);
  g_assert_nonnull(strstr(error->message, one));
  g_assert_nonnull(strstr(error->message, two));
  g_assert_nonnull(strstr(error->message, "--control"));
  g_setenv("STUNFWD_CONTROL", two, TRUE);
  environment = fwd_control_socket_find(NULL, NULL);
  g_assert_cmpstr(environment, ==, two);
  wanted = fwd_control_socket_find(one, NULL);
  g_assert_cmpstr(wanted, ==, one);
}

#define ADD(path, test)                                                                        \
  g_test_add("/manage/control-socket/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  int status;

  g_test_init(&argc, &argv, NULL);
  run_time_directory = g_dir_make_tmp("stunfwd-XXXXXX", NULL);
  g_setenv("XDG_RUNTIME_DIR", run_time_directory, TRUE);
  g_unsetenv("STUNFWD_CONTROL");
  ADD("directory", test_directory);
  ADD("alive", test_alive);
  ADD("long-path", test_long_path);
  ADD("choose-order", test_choose_order);
  ADD("choose-beside-another", test_choose_beside_another);
  ADD("find-none", test_find_none);
  ADD("find-one", test_find_one);
  ADD("find-several", test_find_several);
  status = g_test_run();
  g_rmdir(run_time_directory);
  g_free(run_time_directory);
  return status;
}
