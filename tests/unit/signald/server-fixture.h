/* SPDX-License-Identifier: GPL-2.0-or-later */
/** A signald server in the process of a test, on an ephemeral port of loopback. */
#pragma once

#include "server.h"

/** @line: further options of the command line. */
FwdServer *server_new(const char *line);
/** Of its WebSocket (transfer full). */
char *server_url(const FwdServer *server);
/** Stops and frees it. */
void server_stop(FwdServer *server);
