/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** stunfwd-signald of the build tree as a child process that ends with the test. */
#pragma once

#include "signaling-under-test.h"

/** @arguments: NULL-terminated, after --listen. */
SignalingServer *signald_process_start(guint16 port, const char *const *arguments);
guint16 signald_process_get_port(const SignalingServer *server);
void signald_process_stop(SignalingServer *server, gboolean kill);
