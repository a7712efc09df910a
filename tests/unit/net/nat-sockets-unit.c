/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Real sockets on loopback. */
#include "net/nat-sockets.h"

#include <poll.h>
#include <string.h>

#define WAIT_MS 10000

typedef struct {
  guint received[FWD_NAT_SOCKETS_MAX];
  FwdEndpoint from;
  char text[16];
} Seen;

static void
on_received(guint socket, const FwdEndpoint *from, const guint8 *data, gsize length,
            gpointer user_data)
{
  Seen *seen = user_data;

  g_assert_cmpuint(length, <, sizeof seen->text);
  seen->received[socket]++;
  seen->from = *from;
  memcpy(seen->text, data, length);
  seen->text[length] = '\0';
}

static void
on_expired(guint socket, const FwdEndpoint *router, gpointer user_data)
{
  g_assert_not_reached();
}

static FwdNatSockets *
sockets_new(guint count, Seen *seen)
{
  static const FwdNatSocketsEvents events = {.received = on_received, .expired = on_expired};

  return fwd_nat_sockets_new(AF_INET, count, &events, seen, NULL);
}

static void
read_next(FwdNatSockets *sockets)
{
  struct pollfd item = {.fd = fwd_nat_sockets_get_fd(sockets), .events = POLLIN};

  g_assert_cmpint(poll(&item, 1, WAIT_MS), ==, 1);
  fwd_nat_sockets_read(sockets);
}

static FwdEndpoint
own(const FwdNatSockets *sockets, guint socket)
{
  FwdEndpoint endpoint;

  fwd_endpoint_from_address("127.0.0.1", fwd_nat_sockets_get_port(sockets, socket), &endpoint);
  return endpoint;
}

static void
test_each_is_its_own(void)
{
  Seen seen = {0};
  g_autoptr(FwdNatSockets) sockets = sockets_new(3, &seen);
  FwdEndpoint second = own(sockets, 1), third = own(sockets, 2);

  g_assert_cmpuint(fwd_nat_sockets_count(sockets), ==, 3);
  g_assert_false(fwd_endpoint_equal(&second, &third));
  fwd_nat_sockets_send(sockets, 2, 0, &second, (const guint8 *)"hello", 5);
  read_next(sockets);
  g_assert_cmpuint(seen.received[1], ==, 1);
  g_assert_cmpuint(seen.received[2], ==, 0);
  g_assert_true(fwd_endpoint_equal(&seen.from, &third));
  g_assert_cmpstr(seen.text, ==, "hello");
}

/* "Port unreachable" is read and dropped, so that the descriptor does not stay readable. */
static void
test_errors_are_drained(void)
{
  Seen seen = {0};
  g_autoptr(FwdNatSockets) gone = sockets_new(1, &seen);
  g_autoptr(FwdNatSockets) sockets = sockets_new(2, &seen);
  FwdEndpoint nobody = own(gone, 0), second = own(sockets, 1);
  struct pollfd item = {.fd = fwd_nat_sockets_get_fd(sockets), .events = POLLIN};

  g_clear_pointer(&gone, fwd_nat_sockets_free);
  fwd_nat_sockets_send(sockets, 0, 0, &nobody, (const guint8 *)"x", 1);
  read_next(sockets);
  g_assert_cmpint(poll(&item, 1, 0), ==, 0);
  /* The socket works as before. */
  fwd_nat_sockets_send(sockets, 0, 0, &second, (const guint8 *)"after", 5);
  read_next(sockets);
  g_assert_cmpstr(seen.text, ==, "after");
}

/* An error that nobody has read yet does not swallow the next packet. */
static void
test_pending_error(void)
{
  Seen seen = {0};
  g_autoptr(FwdNatSockets) gone = sockets_new(1, &seen);
  g_autoptr(FwdNatSockets) sockets = sockets_new(2, &seen);
  FwdEndpoint nobody = own(gone, 0), second = own(sockets, 1);

  g_clear_pointer(&gone, fwd_nat_sockets_free);
  fwd_nat_sockets_send(sockets, 0, 0, &nobody, (const guint8 *)"x", 1);
  fwd_nat_sockets_send(sockets, 0, 0, &second, (const guint8 *)"y", 1);
  while (seen.received[1] == 0)
    read_next(sockets);
  g_assert_cmpstr(seen.text, ==, "y");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/nat-sockets/each-is-its-own", test_each_is_its_own);
  g_test_add_func("/nat-sockets/errors-are-drained", test_errors_are_drained);
  g_test_add_func("/nat-sockets/pending-error", test_pending_error);
  return g_test_run();
}
