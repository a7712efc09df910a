/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The addresses of STUN servers that were named "HOST:PORT" or "HOST". Main thread only. */
#pragma once

#include <gio/gio.h>
#include <stunfwd/endpoint.h>

typedef struct {
  /** Once for each address. */
  void (*found)(const FwdEndpoint *server, gpointer user_data);
  /** The resolver has nothing more to say; not after it was cancelled. */
  void (*ended)(gpointer user_data);
} FwdStunLookupEvents;

/**
 * TRUE when the resolver was asked; otherwise what there is was told at once, and
 * "ended" does not come. @events lives as long as the program.
 */
gboolean fwd_stun_lookup(const char *name, GCancellable *cancellable,
                         const FwdStunLookupEvents *events, gpointer user_data);
