/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Which profile a command runs: one of the configuration, or one made of options. */
#pragma once

#include "cli/options.h"

/**
 * With --config, the only profile of that role in the file, under what the
 * options say, and the options follow the file; else a profile made of the options. *@settings
 * (transfer full, may become NULL) must outlive the profile. NULL after one line about what is
 * wrong, with the exit status in *@status.
 */
FwdProfile *
fwd_profiles_choose(FwdOptions *options, FwdRole role, FwdSettings **settings, int *status);

/** Whether it is a server's and says neither a ticket nor a room. */
gboolean fwd_profiles_lacks_ticket(FwdProfile *profile);

/**
 * Gives such a profile the ticket that is kept in the state directory, and prints
 * it. Returns the exit status, FWD_EXIT_OK or that of the one line about what is wrong.
 */
int fwd_profiles_keep_ticket(FwdProfile *profile);
