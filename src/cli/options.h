/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The options that several commands share, and what follows from them. */
#pragma once

#include "core/settings.h"

typedef struct {
  char *signaling, *room, *passphrase_file, *ticket_file;
  char *config, *control, *log_level, *log_format;
  char *turn_user, *turn_password_file;
  GStrv allow, stun, turn, strategies, plugin_dirs;
  GStrv rest;     /**< what is no option */
  char *ticket;   /**< of @rest, if the command takes one */
  GStrv mappings; /**< of @rest, if the command takes some */
} FwdOptions;

/**
 * Parses argv of a command; @synopsis is what follows its name in --help,
 * @summary a sentence. NULL after printing help (*@status 0) or one line about
 * what is wrong (*@status 2).
 */
FwdOptions *fwd_options_parse(int argc, char **argv, const char *synopsis, const char *summary,
                              int *status);
void fwd_options_free(FwdOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdOptions, fwd_options_free)

/** Sets up logging as --log-level and --log-format say. FALSE after one line about it. */
gboolean fwd_options_begin_log(const FwdOptions *options, const char *level);

/**
 * Gives @profile what the command line says, and for the rest what @file has
 * (NULL: nothing). Mappings add up. Each property changes once at most, so that
 * whoever watches the profile sees no state in between.
 */
void fwd_options_apply(const FwdOptions *options, FwdProfile *file, FwdProfile *profile);

/**
 * Takes log level and control socket from the program's group of the file, now and
 * for the level also after an edit, where the command line does not say them.
 */
void fwd_options_follow(FwdOptions *options, FwdSettings *settings);

/** The first option of those that describe one session, or NULL if none is given. */
const char *fwd_options_find_session_option(const FwdOptions *options);
