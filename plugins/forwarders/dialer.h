/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Connects channels to their targets: looks names up, tries each address in
 * turn, accepts or refuses the channel within 10 s. Main thread only.
 */
#pragma once

#include <stunfwd/stunfwd.h>

typedef struct ForwarderDialer ForwarderDialer;

/** @type is SOCK_STREAM or SOCK_DGRAM and says which kind of channel it serves. */
ForwarderDialer *forwarder_dialer_new(int type);

/** Refuses the channels that still wait. */
void forwarder_dialer_free(ForwarderDialer *dialer);

void forwarder_dialer_serve(ForwarderDialer *dialer, FwdChannel *channel);
