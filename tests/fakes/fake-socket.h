/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A UDP socket of a strategy's own on a fake network: a descriptor that can be
 * polled and closed as the real one.
 */
#pragma once

#include "fake-network.h"

typedef struct FakeSocket FakeSocket;

FakeSocket *fake_socket_new(FakeSite *site, const FwdEndpoint *endpoint);
/** Leaves the strategy's descriptor, which is the strategy's to close. */
void fake_socket_free(FakeSocket *self);

/** The strategy's descriptor. */
int fake_socket_get_fd(const FakeSocket *self);
const FwdEndpoint *fake_socket_get_endpoint(const FakeSocket *self);
/** Whether the strategy, or the path it made, has not closed it. */
gboolean fake_socket_is_open(const FakeSocket *self);

/** From now on it is a path's: packets go to @receiver, as to the data-loop. */
void fake_socket_hand_over(FakeSocket *self, FakeReceiver receiver, gpointer user_data);

void
fake_socket_send(FakeSocket *self, const FwdEndpoint *to, const guint8 *data, gsize length);
/** One datagram; 0 when there is none. */
gssize fake_socket_receive(int fd, guint8 *buffer, gsize size, FwdEndpoint *from);
