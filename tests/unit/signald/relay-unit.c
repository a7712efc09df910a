/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay.h"
#include "server-fixture.h"
#include <errno.h>
#include <string.h>

#define TOKEN "0123456789abcdef0123456789ABCDEF"
#define OTHER "ZZZZ456789abcdef0123456789ABCD-_"
#define REQUEST                                                                                \
  "GET /any/path?relay=%s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"              \
  "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                                        \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n"
#define PROTOCOL "Sec-WebSocket-Protocol: stunfwd.relay.1\r\n"

/* What libsoup leaks is known by its frames (tests/lsan.supp): stacks must be whole. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
  return "fast_unwind_on_malloc=0";
}

typedef struct {
  FwdServer *server;
  guint16 port;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer line)
{
  g_autofree char *options = g_strconcat("--stun none ", line, NULL);
  g_autofree char *url = NULL;

  fixture->server = server_new(options);
  url = server_url(fixture->server);
  fixture->port = (guint16)g_ascii_strtoull(strrchr(url, ':') + 1, NULL, 10);
}

static void
tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_clear_pointer(&fixture->server, server_stop);
}

/* A client's socket; the server is served while it waits. */

static GSocket *
ask(Fixture *fixture, const char *token, const char *headers)
{
  g_autoptr(GSocketAddress) address =
      g_inet_socket_address_new_from_string("127.0.0.1", fixture->port);
  g_autofree char *request = g_strdup_printf(REQUEST, token, headers);
  GError *error = NULL;
  GSocket *socket =
      g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);

  g_assert_no_error(error);
  g_socket_connect(socket, address, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpint(g_socket_send(socket, request, strlen(request), NULL, NULL), ==,
                  strlen(request));
  g_socket_set_blocking(socket, FALSE);
  return socket;
}

static gboolean
on_input(GSocket *socket G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
  *(gboolean *)data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
wait_for_input(GSocket *socket)
{
  g_autoptr(GSource) source = g_socket_create_source(socket, G_IO_IN, NULL);
  gboolean ready = FALSE;

  g_source_set_callback(source, G_SOURCE_FUNC(on_input), &ready, NULL);
  g_source_attach(source, NULL);
  while (!ready)
    g_main_context_iteration(NULL, TRUE);
}

/** One byte, or -1 at the end. */
static int
read_byte(GSocket *socket)
{
  guint8 byte;

  for (;;) {
    const gssize length = g_socket_receive(socket, (char *)&byte, 1, NULL, NULL);

    if (length == 1)
      return byte;
    if (length == 0 || g_socket_condition_check(socket, G_IO_HUP | G_IO_ERR) != 0)
      return -1;
    wait_for_input(socket);
  }
}

static guint
read_status(GSocket *socket)
{
  g_autoptr(GString) answer = g_string_new(NULL);

  while (!g_str_has_suffix(answer->str, "\r\n\r\n")) {
    const int byte = read_byte(socket);
    g_assert_cmpint(byte, >=, 0);
    g_string_append_c(answer, (char)byte);
  }
  g_assert_true(g_str_has_prefix(answer->str, "HTTP/1.1 "));
  if (g_str_has_prefix(answer->str, "HTTP/1.1 101")) {
    g_assert_nonnull(strstr(answer->str, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")); /* RFC 6455, 1.3 */
    g_assert_nonnull(strstr(answer->str, "Sec-WebSocket-Protocol: stunfwd.relay.1\r\n"));
  }
  return (guint)g_ascii_strtoull(answer->str + 9, NULL, 10);
}

static guint
status_of(Fixture *fixture, const char *token, const char *headers)
{
  g_autoptr(GSocket) socket = ask(fixture, token, headers);

  return read_status(socket);
}

static GSocket *
join(Fixture *fixture, const char *token)
{
  GSocket *socket = ask(fixture, token, PROTOCOL);

  g_assert_cmpuint(read_status(socket), ==, 101);
  return socket;
}

static void
assert_reads(GSocket *socket, const char *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    g_assert_cmphex((guint)read_byte(socket), ==, (guint8)bytes[i]);
}

#define ASSERT_READS(socket, bytes) assert_reads(socket, bytes, sizeof bytes - 1)

static void
test_pair(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GSocket) a = join(fixture, TOKEN);
  g_autoptr(GSocket) stranger = join(fixture, OTHER);
  g_autoptr(GSocket) b = join(fixture, TOKEN);

  ASSERT_READS(a, "\x81\x06paired");
  ASSERT_READS(b, "\x81\x06paired");
  g_assert_cmpint(g_socket_send(a, "\x82\x83\0\0\0\0abc", 9, NULL, NULL), ==, 9);
  ASSERT_READS(b, "\x82\x03"
                  "abc");
  g_assert_cmpint(g_socket_send(b, "\x82\x81\0\0\0\0z", 7, NULL, NULL), ==, 7);
  ASSERT_READS(a, "\x82\x01z");
  g_assert_cmpint(g_socket_condition_check(stranger, G_IO_IN), ==, 0);
}

static guint
count_descriptors(void)
{
  g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
  guint count = 0;

  while (g_dir_read_name(folder) != NULL)
    count++;
  return count;
}

/* One side leaves: the other is told, the token can be used again, and nothing stays open. */
static void
test_again(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  const guint before = count_descriptors();

  for (guint i = 0; i < 3; i++) {
    g_autoptr(GSocket) a = join(fixture, TOKEN);
    g_autoptr(GSocket) b = join(fixture, TOKEN);

    ASSERT_READS(a, "\x81\x06paired");
    ASSERT_READS(b, "\x81\x06paired");
    g_socket_close(a, NULL);
    ASSERT_READS(b, "\x88\x02\x03\xe9");
    g_assert_cmpint(read_byte(b), ==, -1);
    g_socket_close(b, NULL);
  }
  while (count_descriptors() > before)
    g_main_context_iteration(NULL, TRUE);
}

static void
test_refused(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *long_token = g_strnfill(FWD_RELAY_TOKEN_MAX + 1, 'a');

  g_assert_cmpuint(status_of(fixture, "short", PROTOCOL), ==, 400);
  g_assert_cmpuint(status_of(fixture, "", PROTOCOL), ==, 400);
  g_assert_cmpuint(status_of(fixture, long_token, PROTOCOL), ==, 400);
  g_assert_cmpuint(status_of(fixture, "0123456789abcdef0123456789ABCDE!", PROTOCOL), ==, 400);
  g_assert_cmpuint(status_of(fixture, "%ff23456789abcdef0123456789ABCDEF", PROTOCOL), ==, 400);
  g_assert_cmpuint(status_of(fixture, TOKEN, ""), ==, 400);
  g_assert_cmpuint(status_of(fixture, TOKEN, "Sec-WebSocket-Protocol: stunfwd.room.1\r\n"), ==,
                   400);
}

static void
test_off(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_assert_cmpuint(status_of(fixture, TOKEN, PROTOCOL), ==, 403);
}

/* Nothing may be said before the other one is there. */
static void
test_speaks_too_early(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GSocket) early = join(fixture, TOKEN);
  g_autoptr(GSocket) a = NULL, b = NULL;

  g_assert_cmpint(g_socket_send(early, "\x82\x83\0\0\0\0abc", 9, NULL, NULL), ==, 9);
  g_assert_cmpint(read_byte(early), ==, -1);
  a = join(fixture, TOKEN);
  b = join(fixture, TOKEN);
  ASSERT_READS(a, "\x81\x06paired");
  ASSERT_READS(b, "\x81\x06paired");
}

/* Of one network; what is given back can be had again. */
static void
test_limit(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  GSocket *sockets[FWD_RELAY_NETWORK_MAX];

  for (guint i = 0; i < G_N_ELEMENTS(sockets); i++) {
    g_autofree char *token = g_strdup_printf("%032u", i);
    sockets[i] = join(fixture, token);
  }
  g_assert_cmpuint(status_of(fixture, TOKEN, PROTOCOL), ==, 503);
  g_assert_cmpint(g_socket_send(sockets[0], "x", 1, NULL, NULL), ==, 1);
  g_assert_cmpint(read_byte(sockets[0]), ==, -1);
  g_assert_cmpuint(status_of(fixture, TOKEN, PROTOCOL), ==, 101);
  for (guint i = 0; i < G_N_ELEMENTS(sockets); i++)
    g_object_unref(sockets[i]);
}

static void
test_stop(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GSocket) a = join(fixture, TOKEN);
  g_autoptr(GSocket) b = join(fixture, TOKEN);
  g_autoptr(GSocket) alone = join(fixture, OTHER);

  ASSERT_READS(a, "\x81\x06paired");
  ASSERT_READS(b, "\x81\x06paired");
  g_clear_pointer(&fixture->server, server_stop);
  ASSERT_READS(a, "\x88\x02\x03\xe9");
  ASSERT_READS(b, "\x88\x02\x03\xe9");
  g_assert_cmpint(read_byte(alone), ==, -1);
}

#define ADD(name, line, function)                                                              \
  g_test_add("/signald/relay/" name, Fixture, line, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("pair", "--relay on", test_pair);
  ADD("again", "--relay on", test_again);
  ADD("refused", "--relay on", test_refused);
  ADD("off", "--relay off", test_off);
  ADD("speaks-too-early", "--relay on", test_speaks_too_early);
  ADD("limit", "--relay on --rate 10000", test_limit);
  ADD("stop", "--relay on", test_stop);
  return g_test_run();
}
