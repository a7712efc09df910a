/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/identity.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CTYPE-ALL:+CTYPE-RAWPK"

static FwdIdentity *
make(void)
{
  g_autoptr(GError) error = NULL;
  FwdIdentity *identity = fwd_identity_new(&error);

  g_assert_no_error(error);
  g_assert_nonnull(identity);
  return identity;
}

static void
test_fingerprint_is_stable(void)
{
  g_autoptr(FwdIdentity) identity = make();
  guint8 first[FWD_FINGERPRINT_SIZE];

  memcpy(first, fwd_identity_get_fingerprint(identity), sizeof first);
  g_assert_cmpmem(first, sizeof first, fwd_identity_get_fingerprint(identity), sizeof first);
  g_assert_nonnull(fwd_identity_get_credentials(identity));
}

static void
test_two_differ(void)
{
  g_autoptr(FwdIdentity) a = make();
  g_autoptr(FwdIdentity) b = make();

  g_assert_cmpint(memcmp(fwd_identity_get_fingerprint(a), fwd_identity_get_fingerprint(b),
                         FWD_FINGERPRINT_SIZE),
                  !=, 0);
  g_assert_cmpstr(fwd_identity_get_peer_id(a), !=, fwd_identity_get_peer_id(b));
}

static void
test_peer_id_is_the_head_of_the_fingerprint(void)
{
  g_autoptr(FwdIdentity) identity = make();
  const guint8 *fingerprint = fwd_identity_get_fingerprint(identity);
  g_autoptr(GString) expected = g_string_new(NULL);

  for (guint i = 0; i < 8; i++)
    g_string_append_printf(expected, "%02x", fingerprint[i]);
  g_assert_cmpstr(fwd_identity_get_peer_id(identity), ==, expected->str);
}

static void
test_reference_outlives_the_first(void)
{
  FwdIdentity *identity = make();
  FwdIdentity *second = fwd_identity_ref(identity);

  fwd_identity_unref(identity);
  g_assert_cmpuint(strlen(fwd_identity_get_peer_id(second)), ==, 16);
  fwd_identity_unref(second);
}

static gnutls_session_t
start_session(FwdIdentity *identity, guint role, int fd)
{
  gnutls_session_t session;

  g_assert_cmpint(gnutls_init(&session, role | GNUTLS_ENABLE_RAWPK | GNUTLS_NONBLOCK), ==, 0);
  g_assert_cmpint(gnutls_priority_set_direct(session, PRIORITY, NULL), ==, 0);
  gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                         fwd_identity_get_credentials(identity));
  if (role == GNUTLS_SERVER)
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
  gnutls_transport_set_int(session, fd);
  return session;
}

static void
shake_hands(gnutls_session_t client, gnutls_session_t server)
{
  int a = GNUTLS_E_AGAIN, b = GNUTLS_E_AGAIN;

  for (guint turn = 0; turn < 100 && (a != 0 || b != 0); turn++) {
    if (a != 0)
      a = gnutls_handshake(client);
    if (b != 0)
      b = gnutls_handshake(server);
    g_assert_true(a == 0 || !gnutls_error_is_fatal(a));
    g_assert_true(b == 0 || !gnutls_error_is_fatal(b));
  }
  g_assert_cmpint(a, ==, 0);
  g_assert_cmpint(b, ==, 0);
}

static void
test_verifies_the_key_of_the_session(void)
{
  g_autoptr(FwdIdentity) a = make();
  g_autoptr(FwdIdentity) b = make();
  gnutls_session_t client, server;
  int fds[2];

  g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), ==, 0);
  client = start_session(a, GNUTLS_CLIENT, fds[0]);
  server = start_session(b, GNUTLS_SERVER, fds[1]);
  g_assert_false(fwd_identity_verify_peer(client, fwd_identity_get_fingerprint(b)));
  shake_hands(client, server);
  g_assert_true(fwd_identity_verify_peer(client, fwd_identity_get_fingerprint(b)));
  g_assert_true(fwd_identity_verify_peer(server, fwd_identity_get_fingerprint(a)));
  g_assert_false(fwd_identity_verify_peer(client, fwd_identity_get_fingerprint(a)));
  g_assert_false(fwd_identity_verify_peer(server, fwd_identity_get_fingerprint(b)));
  gnutls_deinit(client);
  gnutls_deinit(server);
  close(fds[0]);
  close(fds[1]);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/identity/stable", test_fingerprint_is_stable);
  g_test_add_func("/identity/differ", test_two_differ);
  g_test_add_func("/identity/peer-id", test_peer_id_is_the_head_of_the_fingerprint);
  g_test_add_func("/identity/reference", test_reference_outlives_the_first);
  g_test_add_func("/identity/verify", test_verifies_the_key_of_the_session);
  return g_test_run();
}
