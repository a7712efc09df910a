/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A forwarder that opens no port: it remembers which are taken. */
#pragma once

#include "core/plugin-registry.h"

/** Registers it under @id, and the interface. */
void fake_forwarder_register(FwdPluginRegistry *registry, const char *id);
/** Forgets occupied ports and counts. */
void fake_forwarder_reset(void);
/** To listen there fails with REFUSED. */
void fake_forwarder_occupy(guint16 port);
/** Listening now, and calls of listen in all. */
guint fake_forwarder_count_listening(void);
guint fake_forwarder_count_listens(void);
/** Objects made, and channels that they were given to serve (each is refused). */
guint fake_forwarder_count_made(void);
guint fake_forwarder_count_served(void);
