/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Where control sockets are, and whether somebody listens to them. Any thread. */
#pragma once

#include <gio/gio.h>

/** $XDG_RUNTIME_DIR/stunfwd, or /run/stunfwd for root (transfer full). */
char *fwd_control_socket_directory(void);

/** Whether a program accepts connections there. */
gboolean fwd_control_socket_is_alive(const char *path);

/**
 * The path for a program: @wanted if not NULL, else $STUNFWD_CONTROL, else
 * NAME.sock in the folder above, or NAME-PID.sock while another one has that
 * (transfer full).
 */
char *fwd_control_socket_choose(const char *wanted, const char *name);

/**
 * The path for `ctl`: @wanted, $STUNFWD_CONTROL, or the only live socket in the
 * folder (transfer full). Errors: FWD_CONTROL_ERROR with UNREACHABLE (none) or
 * INVALID (several: names them).
 */
char *fwd_control_socket_find(const char *wanted, GError **error);
