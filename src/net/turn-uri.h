/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** URIs of TURN servers: "turn:HOST[:PORT][?transport=udp|tcp]" and "turns:…" (RFC 7065). */
#pragma once

#include <gio/gio.h>

#define FWD_TURN_URI_MAX 300

/** Ways to a server, quickest first. TLS is over TCP; DTLS is not spoken. */
typedef enum {
  FWD_TURN_OVER_UDP = 1 << 0,
  FWD_TURN_OVER_TCP = 1 << 1,
  FWD_TURN_OVER_TLS = 1 << 2,
} FwdTurnTransports;

typedef struct {
  char *host; /**< a name, or an address without brackets */
  guint16 port;
  FwdTurnTransports transports; /**< without "?transport" all that the scheme allows */
} FwdTurnUri;

/** Errors: FWD_ERROR_INVALID in FWD_NET_ERROR, one line without the URI itself. */
gboolean fwd_turn_uri_parse(const char *text, FwdTurnUri *uri, GError **error);
void fwd_turn_uri_clear(FwdTurnUri *uri);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FwdTurnUri, fwd_turn_uri_clear)
