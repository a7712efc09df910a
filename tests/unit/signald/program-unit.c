/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program as a user starts it: its lines, its exit statuses. */
#include <gio/gio.h>
#include <signal.h>

typedef struct {
  int status;
  char *out;
  char *err;
} Result;

static char *
program(void)
{
  return g_test_build_filename(G_TEST_BUILT, "..", "stunfwd-signald", NULL);
}

static Result
run(const char *first, const char *second)
{
  g_autofree char *path = program();
  g_autoptr(GError) error = NULL;
  g_autoptr(GSubprocess) process =
      g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error,
                       path, first, second, NULL);
  Result result = {0};

  g_assert_no_error(error);
  g_subprocess_communicate_utf8(process, NULL, NULL, &result.out, &result.err, &error);
  g_assert_no_error(error);
  g_assert_true(g_subprocess_get_if_exited(process));
  result.status = g_subprocess_get_exit_status(process);
  return result;
}

static void
assert_one_line(const char *text, const char *start)
{
  g_assert_true(g_str_has_prefix(text, start));
  g_assert_true(strchr(text, '\n') == text + strlen(text) - 1);
}

static void
result_clear(Result *result)
{
  g_free(result->out);
  g_free(result->err);
}

static void
test_usage(void)
{
  Result result = run("--listen", "nonsense");

  g_assert_cmpint(result.status, ==, 2);
  assert_one_line(result.err, "stunfwd-signald: --listen nonsense: ");
  result_clear(&result);
  result = run("--relays", NULL);
  g_assert_cmpint(result.status, ==, 2);
  assert_one_line(result.err, "stunfwd-signald: Unknown option --relays");
  result_clear(&result);
}

static void
test_version(void)
{
  Result result = run("--version", NULL);

  g_assert_cmpint(result.status, ==, 0);
  assert_one_line(result.out, "stunfwd-signald ");
  g_assert_cmpstr(result.err, ==, "");
  result_clear(&result);
}

static void
test_port_in_use(void)
{
  g_autoptr(GSocketListener) listener = g_socket_listener_new();
  g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
  g_autoptr(GSocketAddress) wanted = g_inet_socket_address_new(loopback, 0);
  g_autoptr(GSocketAddress) got = NULL;
  g_autofree char *address = NULL;
  Result result;

  g_assert_true(g_socket_listener_add_address(listener, wanted, G_SOCKET_TYPE_STREAM,
                                              G_SOCKET_PROTOCOL_TCP, NULL, &got, NULL));
  address = g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(got));
  result = run("--listen", address);
  g_assert_cmpint(result.status, ==, 1);
  assert_one_line(result.err, "stunfwd-signald: WebSocket on 127.0.0.1:");
  result_clear(&result);
}

static void
test_signal(gconstpointer data)
{
  g_autofree char *path = program();
  g_autoptr(GSubprocess) process =
      g_subprocess_new(G_SUBPROCESS_FLAGS_STDERR_PIPE, NULL, path, "--listen", "127.0.0.1:0",
                       "--stun", "127.0.0.1:0", NULL);
  g_autoptr(GDataInputStream) lines =
      g_data_input_stream_new(g_subprocess_get_stderr_pipe(process));
  g_autofree char *first = g_data_input_stream_read_line(lines, NULL, NULL, NULL);
  g_autofree char *second = g_data_input_stream_read_line(lines, NULL, NULL, NULL);

  g_assert_true(g_regex_match_simple(
      "^stunfwd-signald: WebSocket on ws://127.0.0.1:[1-9]\\d*/$", first, 0, 0));
  g_assert_true(
      g_regex_match_simple("^stunfwd-signald: STUN on 127.0.0.1:[1-9]\\d*$", second, 0, 0));
  g_subprocess_send_signal(process, GPOINTER_TO_INT(data));
  g_assert_true(g_subprocess_wait(process, NULL, NULL));
  g_assert_true(g_subprocess_get_if_exited(process));
  g_assert_cmpint(g_subprocess_get_exit_status(process), ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/program/usage", test_usage);
  g_test_add_func("/program/version", test_version);
  g_test_add_func("/program/port-in-use", test_port_in_use);
  g_test_add_data_func("/program/terminated", GINT_TO_POINTER(SIGTERM), test_signal);
  g_test_add_data_func("/program/interrupted", GINT_TO_POINTER(SIGINT), test_signal);
  return g_test_run();
}
