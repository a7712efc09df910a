/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Errors. A domain tells which component failed, a code tells what the caller
 * does next; the message is one line for people: what, and where.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** What the caller does next. Every domain below uses these codes. */
typedef enum {
  FWD_ERROR_INVALID,     /**< input is wrong: tell the user, do not retry */
  FWD_ERROR_UNSUPPORTED, /**< this way can't work here: take the next one */
  FWD_ERROR_DENIED,      /**< authentication or permission: tell, do not retry */
  FWD_ERROR_REFUSED,     /**< the other side said no, for now: retry later */
  FWD_ERROR_UNREACHABLE, /**< no answer from the network: retry with back-off */
  FWD_ERROR_TIMEOUT,     /**< a limit of time ran out: retry with back-off */
  FWD_ERROR_CLOSED,      /**< it was there and went away: reconnect */
  FWD_ERROR_LIMIT,       /**< a declared limit was reached: free something first */
  FWD_ERROR_FAILED,      /**< an inner failure: report it */
} FwdErrorCode;

#define FWD_SETTINGS_ERROR  (fwd_settings_error_quark())
#define FWD_PLUGIN_ERROR    (fwd_plugin_error_quark())
#define FWD_NET_ERROR       (fwd_net_error_quark())
#define FWD_MEETING_ERROR   (fwd_meeting_error_quark())
#define FWD_SIGNALING_ERROR (fwd_signaling_error_quark())
#define FWD_STRATEGY_ERROR  (fwd_strategy_error_quark())
#define FWD_TUNNEL_ERROR    (fwd_tunnel_error_quark())
#define FWD_FORWARDER_ERROR (fwd_forwarder_error_quark())
#define FWD_SESSION_ERROR   (fwd_session_error_quark())
#define FWD_CONTROL_ERROR   (fwd_control_error_quark())

GQuark fwd_settings_error_quark(void);
GQuark fwd_plugin_error_quark(void);
GQuark fwd_net_error_quark(void);
GQuark fwd_meeting_error_quark(void);
GQuark fwd_signaling_error_quark(void);
GQuark fwd_strategy_error_quark(void);
GQuark fwd_tunnel_error_quark(void);
GQuark fwd_forwarder_error_quark(void);
GQuark fwd_session_error_quark(void);
GQuark fwd_control_error_quark(void);

/** The component an error comes from: "net", "tunnel"...; "system" for foreign domains. */
const char *fwd_error_component(const GError *error);

/** Whether the same thing, done again later, may succeed. */
gboolean fwd_error_is_retryable(const GError *error);

G_END_DECLS
