/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Takes connections from a listening socket on the main thread, while no tunnel does it. */
#pragma once

#include <glib.h>

typedef struct FwdAcceptor FwdAcceptor;

/** Called for each connection (transfer full); may free the acceptor. */
typedef void (*FwdAcceptorFunc)(int connection, gpointer user_data);

/** @fd must be non-blocking and stays the caller's. */
FwdAcceptor *fwd_acceptor_new(int fd, FwdAcceptorFunc func, gpointer user_data);
void fwd_acceptor_free(FwdAcceptor *acceptor);
