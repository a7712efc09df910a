/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <stunfwd/error.h>

static const struct {
  GQuark (*quark)(void);
  const char *component;
} domains[] = {
    {fwd_settings_error_quark, "settings"},
    {fwd_plugin_error_quark, "plugin"},
    {fwd_net_error_quark, "net"},
    {fwd_meeting_error_quark, "meeting"},
    {fwd_signaling_error_quark, "signaling"},
    {fwd_strategy_error_quark, "strategy"},
    {fwd_tunnel_error_quark, "tunnel"},
    {fwd_forwarder_error_quark, "forwarder"},
    {fwd_session_error_quark, "session"},
    {fwd_control_error_quark, "control"},
};

static void
test_domains_differ(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(domains); i++) {
    g_assert_cmpuint(domains[i].quark(), !=, 0);
    for (gsize j = 0; j < i; j++)
      g_assert_cmpuint(domains[i].quark(), !=, domains[j].quark());
  }
}

static void
test_component(void)
{
  g_autoptr(GError) foreign = g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED, "x");

  for (gsize i = 0; i < G_N_ELEMENTS(domains); i++) {
    g_autoptr(GError) error = g_error_new(domains[i].quark(), FWD_ERROR_FAILED, "x");
    g_assert_cmpstr(fwd_error_component(error), ==, domains[i].component);
  }
  g_assert_cmpstr(fwd_error_component(foreign), ==, "system");
}

static void
test_retryable(void)
{
  static const gboolean expected[] = {
      [FWD_ERROR_INVALID] = FALSE, [FWD_ERROR_UNSUPPORTED] = FALSE, [FWD_ERROR_DENIED] = FALSE,
      [FWD_ERROR_REFUSED] = TRUE,  [FWD_ERROR_UNREACHABLE] = TRUE,  [FWD_ERROR_TIMEOUT] = TRUE,
      [FWD_ERROR_CLOSED] = TRUE,   [FWD_ERROR_LIMIT] = FALSE,       [FWD_ERROR_FAILED] = FALSE,
  };

  for (gsize i = 0; i < G_N_ELEMENTS(domains); i++) {
    for (int code = 0; code <= FWD_ERROR_FAILED; code++) {
      g_autoptr(GError) error = g_error_new(domains[i].quark(), code, "x");
      g_assert_cmpint(fwd_error_is_retryable(error), ==, expected[code]);
    }
  }
}

static void
assert_foreign(GQuark domain, int code, gboolean retryable)
{
  g_autoptr(GError) error = g_error_new(domain, code, "x");

  g_assert_cmpint(fwd_error_is_retryable(error), ==, retryable);
}

static void
test_foreign_retryable(void)
{
  assert_foreign(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, TRUE);
  assert_foreign(G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, TRUE);
  assert_foreign(G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, TRUE);
  assert_foreign(G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE, TRUE);
  assert_foreign(G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE, TRUE);
  assert_foreign(G_IO_ERROR, G_IO_ERROR_CANCELLED, FALSE);
  assert_foreign(G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, FALSE);
  assert_foreign(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, FALSE);
  assert_foreign(G_RESOLVER_ERROR, G_RESOLVER_ERROR_TEMPORARY_FAILURE, TRUE);
  assert_foreign(G_RESOLVER_ERROR, G_RESOLVER_ERROR_INTERNAL, FALSE);
  /* Code 3 is REFUSED in our domains; elsewhere it means something else. */
  assert_foreign(G_FILE_ERROR, FWD_ERROR_REFUSED, FALSE);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/core/error/domains-differ", test_domains_differ);
  g_test_add_func("/core/error/component", test_component);
  g_test_add_func("/core/error/retryable", test_retryable);
  g_test_add_func("/core/error/foreign-retryable", test_foreign_retryable);
  return g_test_run();
}
