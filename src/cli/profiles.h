/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Which profile a command runs: one of the configuration, or one made of options. */
#pragma once

#include "cli/options.h"

/**
 * With --config, the only profile of that role in the file, under what the
 * options say; else a profile made of the options. *@settings (transfer full,
 * may become NULL) must outlive the profile. NULL after one line about what is
 * wrong, with the exit status in *@status.
 */
FwdProfile *fwd_profiles_choose(const FwdOptions *options, FwdRole role, FwdSettings **settings,
                                int *status);
