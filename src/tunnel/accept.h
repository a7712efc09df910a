/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Taking connections from a listening socket, on whichever thread. */
#pragma once

#include <glib.h>

/** How long to leave a socket alone whose connections cannot be taken for now. */
#define FWD_ACCEPT_PAUSE_MS 100

/**
 * The next connection that waits at @fd, non-blocking and closed on exec. -1
 * when there is none to be had now, errno set. What Linux lets a listener
 * inherit (TCP_NODELAY and keep-alive among it), the connection has.
 */
int fwd_accept(int fd);

/** Whether the connection stays in the backlog for want of a resource, so that polling spins.
 */
gboolean fwd_accept_is_shortage(int errnum);
