/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What a channel's target means: "HOST:PORT" or "[V6]:PORT", as endpoints to try in turn. */
#pragma once

#include <gio/gio.h>
#include <stunfwd/stunfwd.h>

/** Addresses of one name that are tried at most. */
#define FORWARDER_TARGET_MAX 8

typedef struct {
  FwdEndpoint endpoints[FORWARDER_TARGET_MAX];
  guint count;
  char *name; /**< to be looked up, when count is 0 */
  guint16 port;
} ForwarderTarget;

/**
 * Numeric addresses and "localhost" give endpoints at once, any other host a
 * name. Errors: FWD_FORWARDER_ERROR with INVALID.
 */
gboolean forwarder_target_parse(const char *text, ForwarderTarget *target, GError **error);

/** Adds the addresses (GInetAddress) that a look-up of the name gave. */
void forwarder_target_add(ForwarderTarget *target, GList *addresses);

void forwarder_target_clear(ForwarderTarget *target);
