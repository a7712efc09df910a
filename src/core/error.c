/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <stunfwd/error.h>

#define DEFINE_DOMAIN(name)                                                                    \
  GQuark fwd_##name##_error_quark(void)                                                        \
  {                                                                                            \
    return g_quark_from_static_string("fwd-" #name "-error-quark");                            \
  }

DEFINE_DOMAIN(settings)
DEFINE_DOMAIN(plugin)
DEFINE_DOMAIN(net)
DEFINE_DOMAIN(meeting)
DEFINE_DOMAIN(signaling)
DEFINE_DOMAIN(strategy)
DEFINE_DOMAIN(tunnel)
DEFINE_DOMAIN(forwarder)
DEFINE_DOMAIN(session)
DEFINE_DOMAIN(control)

static const struct {
  const char *component;
  GQuark (*quark)(void);
} domains[] = {
    {"settings", fwd_settings_error_quark},
    {"plugin", fwd_plugin_error_quark},
    {"net", fwd_net_error_quark},
    {"meeting", fwd_meeting_error_quark},
    {"signaling", fwd_signaling_error_quark},
    {"strategy", fwd_strategy_error_quark},
    {"tunnel", fwd_tunnel_error_quark},
    {"forwarder", fwd_forwarder_error_quark},
    {"session", fwd_session_error_quark},
    {"control", fwd_control_error_quark},
};

/* The component of one of our domains, or NULL for a foreign one. */
static const char *
find_component(GQuark domain)
{
  for (gsize i = 0; i < G_N_ELEMENTS(domains); i++) {
    if (domains[i].quark() == domain)
      return domains[i].component;
  }
  return NULL;
}

static gboolean
is_code_retryable(int code)
{
  switch (code) {
  case FWD_ERROR_REFUSED:
  case FWD_ERROR_UNREACHABLE:
  case FWD_ERROR_TIMEOUT:
  case FWD_ERROR_CLOSED:
    return TRUE;
  default:
    return FALSE;
  }
}

static gboolean
is_io_code_retryable(int code)
{
  switch (code) {
  case G_IO_ERROR_TIMED_OUT:
  case G_IO_ERROR_BUSY:
  case G_IO_ERROR_WOULD_BLOCK:
  case G_IO_ERROR_HOST_NOT_FOUND:
  case G_IO_ERROR_HOST_UNREACHABLE:
  case G_IO_ERROR_NETWORK_UNREACHABLE:
  case G_IO_ERROR_CONNECTION_REFUSED:
  case G_IO_ERROR_CONNECTION_CLOSED:
  case G_IO_ERROR_NOT_CONNECTED:
  case G_IO_ERROR_PARTIAL_INPUT:
  case G_IO_ERROR_PROXY_FAILED:
    return TRUE;
  default:
    return FALSE;
  }
}

const char *
fwd_error_component(const GError *error)
{
  const char *component = find_component(error->domain);

  return component != NULL ? component : "system";
}

gboolean
fwd_error_is_retryable(const GError *error)
{
  if (find_component(error->domain) != NULL)
    return is_code_retryable(error->code);
  if (error->domain == G_IO_ERROR)
    return is_io_code_retryable(error->code);
  if (error->domain == G_RESOLVER_ERROR)
    return error->code != G_RESOLVER_ERROR_INTERNAL;
  return FALSE;
}
