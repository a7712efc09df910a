/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Signaling without a network: the members of a FakeMeeting meet in the
 * process. Everything arrives from the main loop, in order. Main thread only.
 */
#pragma once

#include <stunfwd/plugin.h>
#include <stunfwd/signaling.h>

typedef struct FakeMeeting FakeMeeting;

/** Outlives its members. */
FakeMeeting *fake_meeting_new(void);
void fake_meeting_free(FakeMeeting *meeting);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeMeeting, fake_meeting_free)

/** Where transports meet that the registry makes, by their type alone. */
void fake_signaling_register(FwdPluginRegistry *registry, FakeMeeting *meeting);

/** A transport that joins @meeting when it is told to connect, whatever the URL. */
FwdSignaling *fake_signaling_new(FakeMeeting *meeting);

/** Offline: all are disconnected and fail. Online again: they join under new ids. */
void fake_meeting_set_online(FakeMeeting *meeting, gboolean online);
/** All members are told of @error, which is not retryable, and have left. */
void fake_meeting_fail(FakeMeeting *meeting, const GError *error);
/** Loses the next @count envelopes. */
void fake_meeting_lose(FakeMeeting *meeting, guint count);
/** What the next to join are told; copied. */
void fake_meeting_set_stun_servers(FakeMeeting *meeting, const char *const *servers);
