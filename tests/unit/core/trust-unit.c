/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/trust.h"
#include "fakes/test-certificate.h"
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stunfwd/error.h>
#include <string.h>

static GTlsCertificateFlags
verify(void)
{
  g_autoptr(GTlsDatabase) database =
      g_tls_backend_get_default_database(g_tls_backend_get_default());
  g_autoptr(GTlsCertificate) certificate =
      g_tls_certificate_new_from_pem(TEST_CERTIFICATE, -1, NULL);

  return g_tls_database_verify_chain(database, certificate,
                                     G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER, NULL, NULL, 0,
                                     NULL, NULL);
}

static void
test_not_named(void)
{
  g_unsetenv("SSL_CERT_FILE");
  g_assert_true(fwd_trust_init(NULL));
  g_setenv("SSL_CERT_FILE", "", TRUE);
  g_assert_true(fwd_trust_init(NULL));
  g_assert_cmpint(verify() & G_TLS_CERTIFICATE_UNKNOWN_CA, !=, 0);
}

static void
assert_refused(const char *file)
{
  g_autoptr(GError) error = NULL;

  g_setenv("SSL_CERT_FILE", file, TRUE);
  g_assert_false(fwd_trust_init(&error));
  g_assert_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID);
  g_assert_true(g_str_has_prefix(error->message, "SSL_CERT_FILE "));
  g_assert_nonnull(strstr(error->message, file));
  g_assert_null(strchr(error->message, '\n'));
}

static void
test_missing(void)
{
  assert_refused("/nowhere/authorities.pem");
  assert_refused("/");
}

static void
test_named(void)
{
  g_autofree char *file = NULL;
  GError *error = NULL;
  const int fd = g_file_open_tmp("stunfwd-XXXXXX", &file, &error);

  g_assert_no_error(error);
  g_close(fd, NULL);
  g_assert_true(g_file_set_contents(file, TEST_CERTIFICATE, -1, NULL));
  g_setenv("SSL_CERT_FILE", file, TRUE);
  g_assert_true(fwd_trust_init(&error));
  g_assert_no_error(error);
  g_assert_cmpint(verify(), ==, 0);
  g_remove(file);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/core/trust/not-named", test_not_named);
  g_test_add_func("/core/trust/missing", test_missing);
  g_test_add_func("/core/trust/named", test_named);
  return g_test_run();
}
