/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The configuration: GSettings with the keyfile backend, one file, one group
 * for the program and one for each profile. The file is validated before it is
 * believed, since the backend silently falls back to defaults. Main thread only.
 *
 *   [stunfwd]                        [stunfwd/profiles/office]
 *   log-level='info'                 role='client'
 *                                    ticket-file='/etc/stunfwd/office.ticket'
 *                                    mappings=['tcp:2222:22', 'udp:5353:53']
 */
#pragma once

#include <gio/gio.h>
#include <stunfwd/signaling.h>

#define FWD_TYPE_PROFILE (fwd_profile_get_type())
G_DECLARE_FINAL_TYPE(FwdProfile, fwd_profile, FWD, PROFILE, GObject)

/**
 * One session's configuration, read-write, whether it comes from a file or from
 * the command line alone. Properties, each with notify: "name", "role" (uint,
 * FwdRole), "signaling-url", "room", "passphrase-file", "ticket-file", "ticket"
 * (strings, "" when absent), "mappings", "allow", "stun", "strategies" (GStrv,
 * never NULL).
 */
FwdProfile *fwd_profile_new(const char *name, FwdRole role);

#define FWD_TYPE_SETTINGS (fwd_settings_get_type())
G_DECLARE_FINAL_TYPE(FwdSettings, fwd_settings, FWD, SETTINGS, GObject)

/**
 * @file NULL: no file, defaults only. A file that is missing or wrong gives
 * FWD_SETTINGS_ERROR with INVALID: file, line or group and key, what is wrong.
 * Signal: "changed" (const char *profile or "" for the program's own group):
 * after a valid edit of the file; an invalid edit is logged in one line and
 * the last valid values stay.
 */
FwdSettings *fwd_settings_new(const char *file, GError **error);
/** Reads the file again now, as after a change. */
gboolean fwd_settings_reload(FwdSettings *self, GError **error);
/** Names of the profiles in the file (transfer full), in its order. */
GStrv fwd_settings_list_profiles(FwdSettings *self);
/** (transfer none), or NULL. The object stays the same as the file changes. */
FwdProfile *fwd_settings_get_profile(FwdSettings *self, const char *name);
const char *fwd_settings_get_log_level(FwdSettings *self);
/** Path of the control socket; "" for the usual one. */
const char *fwd_settings_get_control(FwdSettings *self);
/** "ADDRESS:PORT" of the dashboard and the metrics; "" for none. */
const char *fwd_settings_get_http(FwdSettings *self);

/**
 * Writes @profile into its group of @file through GSettings; the rest of the
 * file and its comments stay, and a file that does not exist is made. What
 * equals the default is left out. Errors: FWD_SETTINGS_ERROR with INVALID for
 * a profile or an existing file that is wrong, DENIED or FAILED when it cannot
 * be written.
 */
gboolean fwd_settings_save_profile(const char *file, FwdProfile *profile, GError **error);
