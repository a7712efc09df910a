/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/data-plane.h"
#include <errno.h>

typedef struct {
  FwdDataPlane *planes[2];
  FwdIdentity *identities[2];
  FwdEndpoint endpoints[2]; /* of the planes' IPv4 sockets */
  GString *told;
  guint rtt_us;
} Pair;

static const guint8 key[FWD_PROBE_KEY_SIZE] = {5, 5};
static const guint8 other_key[FWD_PROBE_KEY_SIZE] = {6, 6};

static void
set_up(Pair *pair, gconstpointer data)
{
  pair->told = g_string_new(NULL);
  for (guint i = 0; i < 2; i++) {
    g_autoptr(GError) error = NULL;
    guint16 port;
    pair->identities[i] = fwd_identity_new(&error);
    g_assert_no_error(error);
    pair->planes[i] =
        fwd_data_plane_new(i == 1 && data != NULL ? data : key, pair->identities[i], &error);
    g_assert_no_error(error);
    port = fwd_data_plane_get_port(pair->planes[i], AF_INET);
    g_assert_true(fwd_endpoint_from_address("127.0.0.1", port, &pair->endpoints[i]));
  }
}

static void
tear_down(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  for (guint i = 0; i < 2; i++) {
    g_clear_object(&pair->planes[i]);
    fwd_identity_unref(pair->identities[i]);
  }
  g_string_free(pair->told, TRUE);
}

static void
on_checked(FwdDataPlane *plane G_GNUC_UNUSED, const char *peer, FwdEndpoint *remote,
           guint rtt_us, Pair *pair)
{
  g_assert_cmpstr(peer, ==, fwd_identity_get_peer_id(pair->identities[1]));
  g_assert_true(fwd_endpoint_equal(remote, &pair->endpoints[1]));
  g_string_append(pair->told, "checked ");
  pair->rtt_us = rtt_us;
}

static void
on_challenged(FwdDataPlane *plane G_GNUC_UNUSED, const char *peer, FwdEndpoint *from,
              Pair *pair)
{
  g_assert_cmpstr(peer, ==, fwd_identity_get_peer_id(pair->identities[0]));
  g_assert_true(fwd_endpoint_equal(from, &pair->endpoints[0]));
  g_string_append(pair->told, "challenged ");
}

static void
on_stun(FwdDataPlane *plane G_GNUC_UNUSED, FwdEndpoint *from, GBytes *datagram, Pair *pair)
{
  g_assert_true(fwd_endpoint_equal(from, &pair->endpoints[0]));
  g_string_append_printf(pair->told, "stun %" G_GSIZE_FORMAT, g_bytes_get_size(datagram));
}

static int
send_check(Pair *pair)
{
  return fwd_data_plane_send_check(
      pair->planes[0], fwd_identity_get_peer_id(pair->identities[1]), &pair->endpoints[1], 0);
}

static void
test_check(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  gint64 before = g_get_monotonic_time();

  g_signal_connect(pair->planes[0], "checked", G_CALLBACK(on_checked), pair);
  g_signal_connect(pair->planes[1], "challenged", G_CALLBACK(on_challenged), pair);
  g_assert_cmpint(send_check(pair), ==, 0);
  while (g_strrstr(pair->told->str, "checked") == NULL ||
         g_strrstr(pair->told->str, "challenged") == NULL)
    g_main_context_iteration(NULL, TRUE);
  g_assert_cmpuint(pair->rtt_us, <=, g_get_monotonic_time() - before);
}

static void
do_nothing(gpointer data G_GNUC_UNUSED)
{
}

static void
test_other_key(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  g_signal_connect(pair->planes[0], "checked", G_CALLBACK(on_checked), pair);
  g_signal_connect(pair->planes[1], "challenged", G_CALLBACK(on_challenged), pair);
  g_assert_cmpint(send_check(pair), ==, 0);
  for (int i = 0; i < 3; i++)
    for (guint side = 2; side-- > 0;)
      fwd_data_loop_post_and_wait(fwd_data_plane_get_loop(pair->planes[side]), do_nothing,
                                  NULL);
  while (g_main_context_iteration(NULL, FALSE))
    continue;
  g_assert_cmpstr(pair->told->str, ==, "");
}

static void
send_stun(Pair *pair)
{
  static const guint8 transaction[FWD_STUN_TRANSACTION_SIZE] = {1};
  guint8 buffer[64];
  FwdStunWriter writer;

  fwd_stun_writer_begin(&writer, buffer, sizeof buffer, FWD_STUN_SUCCESS, FWD_STUN_BINDING,
                        transaction);
  g_assert_cmpint(
      fwd_data_plane_send(pair->planes[0], &pair->endpoints[1], 0, writer.data, writer.length),
      ==, 0);
}

static void
test_stun(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  g_signal_connect(pair->planes[1], "stun", G_CALLBACK(on_stun), pair);
  send_stun(pair);
  while (pair->told->len == 0)
    g_main_context_iteration(NULL, TRUE);
  g_assert_cmpstr(pair->told->str, ==, "stun 20");
}

static void
drop_plane(FwdDataPlane *plane G_GNUC_UNUSED, FwdEndpoint *from G_GNUC_UNUSED,
           GBytes *datagram G_GNUC_UNUSED, Pair *pair)
{
  g_clear_object(&pair->planes[1]);
}

static void
test_a_handler_may_drop_the_plane(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  g_signal_connect(pair->planes[1], "stun", G_CALLBACK(drop_plane), pair);
  send_stun(pair);
  send_stun(pair);
  while (pair->planes[1] != NULL)
    g_main_context_iteration(NULL, TRUE);
}

static void
test_paths_and_shutdown(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  FwdDataPlane *plane = pair->planes[0];
  g_autoptr(FwdPath) path =
      fwd_data_plane_create_path(plane, &pair->endpoints[1], FWD_PATH_CLASS_LAN, "lan", 77);

  g_assert_true(path->shared);
  g_assert_cmpuint(path->rtt_us, ==, 77);
  g_assert_cmpuint(path->mtu, ==, 1472);
  g_assert_cmpuint(fwd_endpoint_port(&path->local), ==,
                   fwd_data_plane_get_port(plane, AF_INET));
  g_assert_true(fwd_data_plane_get_identity(plane) == pair->identities[0]);
  g_assert_cmpmem(fwd_data_plane_get_probe_key(plane), 32, key, 32);
  g_assert_nonnull(fwd_data_plane_get_demultiplexer(plane));

  fwd_data_plane_shutdown(plane);
  fwd_data_plane_shutdown(plane);
  g_assert_null(fwd_data_plane_get_loop(plane));
  g_assert_cmpuint(fwd_data_plane_get_port(plane, AF_INET), ==, 0);
  g_assert_cmpint(send_check(pair), ==, -EAFNOSUPPORT);
  g_assert_null(
      fwd_data_plane_create_path(plane, &pair->endpoints[1], FWD_PATH_CLASS_LAN, "lan", 0));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(path, data, test)                                                                  \
  g_test_add("/data-plane/" path, Pair, data, set_up, test, tear_down)
  ADD("check", NULL, test_check);
  ADD("other-key", other_key, test_other_key);
  ADD("stun", NULL, test_stun);
  ADD("dropped", NULL, test_a_handler_may_drop_the_plane);
  ADD("paths", NULL, test_paths_and_shutdown);
  return g_test_run();
}
