/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The subcommands: one function a file, one row each in main's table. */
#pragma once

#include <glib.h>

/** A clean end, a failure at run time, wrong input. */
enum { FWD_EXIT_OK = 0, FWD_EXIT_FAILED = 1, FWD_EXIT_USAGE = 2 };

/** argv[0] is the subcommand. Returns the exit status. */
typedef int (*FwdCommandFunc)(int argc, char **argv);

int fwd_command_server(int argc, char **argv);
int fwd_command_client(int argc, char **argv);
int fwd_command_run(int argc, char **argv);
int fwd_command_nat(int argc, char **argv);
int fwd_command_explain(int argc, char **argv);
int fwd_command_ctl(int argc, char **argv);
int fwd_command_plugins(int argc, char **argv);

/** One line on stderr: "stunfwd: …". Returns FWD_EXIT_USAGE. */
int fwd_command_usage_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
/** The same for an error; its code decides between FWD_EXIT_USAGE and FWD_EXIT_FAILED. */
int fwd_command_fail(const GError *error);

/**
 * SIGINT and SIGTERM end the program at once with FWD_EXIT_OK until the
 * application takes them over: nothing is open yet that had to be closed.
 */
void fwd_command_end_on_signals(void);
