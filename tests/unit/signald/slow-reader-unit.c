/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of its own: it makes so many allocations that their stacks cannot be
 * recorded whole, as server-unit's are to know what libsoup leaks (tests/lsan.supp).
 */
#include "server-fixture.h"

#include <gio/gio.h>
#include <sys/socket.h>

#define JOIN_FRAME "{\"type\":\"join\",\"room\":\"r\",\"role\":\"client\"}"

int __lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{
  return 1;
}

static GSocket *
connect_raw(const FwdServer *server)
{
  g_autofree char *url = server_url(server);
  g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
  g_autoptr(GSocketAddress) address =
      g_inet_socket_address_new_from_string("127.0.0.1", (guint)g_uri_get_port(uri));
  GSocket *socket =
      g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

  /* Little fits between the two, so that the server's own memory is what fills. */
  g_assert_true(g_socket_set_option(socket, SOL_SOCKET, SO_RCVBUF, 4096, NULL));
  g_assert_true(g_socket_connect(socket, address, NULL, NULL));
  g_socket_set_blocking(socket, FALSE);
  return socket;
}

/* FALSE once the server has closed the connection. */
static gboolean
send_raw(GSocket *socket, const char *data, gsize length)
{
  while (length > 0) {
    g_autoptr(GError) error = NULL;
    gssize sent = g_socket_send(socket, data, length, NULL, &error);

    if (sent < 0 && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
      return FALSE;
    data += MAX(sent, 0);
    length -= (gsize)MAX(sent, 0);
    g_main_context_iteration(NULL, FALSE);
  }
  return TRUE;
}

/* Text frames with the mask 0 (RFC 6455, 5.2), all of them at once. */
static gboolean
send_frames(GSocket *socket, const char *text, guint count)
{
  const guint8 header[] = {0x81, (guint8)(0x80 | strlen(text)), 0, 0, 0, 0};
  g_autoptr(GByteArray) frames = g_byte_array_new();

  g_assert_cmpuint(strlen(text), <, 126);
  for (guint i = 0; i < count; i++) {
    g_byte_array_append(frames, header, sizeof header);
    g_byte_array_append(frames, (const guint8 *)text, (guint)strlen(text));
  }
  return send_raw(socket, (const char *)frames->data, frames->len);
}

/* Who asks and asks and never reads an answer is dropped before they fill the memory. */
static void
test_never_reads(void)
{
  static const char upgrade[] = "GET / HTTP/1.1\r\nHost: signald\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
  FwdServer *server = server_new("--stun none --rate 1000000");
  g_autoptr(GSocket) socket = connect_raw(server);
  guint sent = 0;

  g_assert_true(send_raw(socket, upgrade, strlen(upgrade)));
  while (!(g_socket_condition_check(socket, G_IO_IN) & G_IO_IN))
    g_main_context_iteration(NULL, TRUE);
  g_assert_true(send_frames(socket, JOIN_FRAME, 1));
  while (send_frames(socket, "{\"type\":\"send\",\"to\":\"nobody\",\"data\":\"x\"}", 1000))
    g_assert_cmpuint(sent += 1000, <, 5000000);
  server_stop(server);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/server/never-reads", test_never_reads);
  return g_test_run();
}
