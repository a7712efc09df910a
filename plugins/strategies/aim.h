/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * An aim: what the side whose ports can be predicted tells the other of one
 * round. Travels as {"round", "address", "first", "last", "step"}.
 */
#pragma once

#include <stunfwd/stunfwd.h>

/** Most ports of one round that are aimed at. */
#define FWD_AIM_PORTS_MAX 32

typedef struct {
  guint round;         /**< from 1 on */
  FwdEndpoint address; /**< outside address of the sender; its port means nothing */
  gint first, last;    /**< the port is one of first, first + step ... last */
  gint step;           /**< not 0; negative when ports go down */
} FwdAim;

/**
 * The ports between two that a STUN server saw, @before and @after the one that
 * was given to a packet for the peer.
 */
void fwd_aim_between(FwdAim *aim, guint16 before, guint16 after, gint step);

/** (floating) */
GVariant *fwd_aim_to_message(const FwdAim *aim);
/** FALSE when the message is no aim, or one that makes no sense. */
gboolean fwd_aim_from_message(GVariant *message, FwdAim *aim);

/**
 * At most @max ports, the likeliest first: those in step, those between them,
 * then those around. Returns how many.
 */
guint fwd_aim_list_ports(const FwdAim *aim, guint16 *ports, guint max);
