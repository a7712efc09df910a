/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/command.h"

#include "config.h"
#include "core/application.h"
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const struct {
  const char *name;
  FwdCommandFunc run;
  const char *help;
} commands[] = {
    {"server", fwd_command_server, "stand next to the services and wait for clients"},
    {"client", fwd_command_client, "open local ports that lead to the server's services"},
    {"run", fwd_command_run, "run all profiles of a configuration file"},
    {"nat", fwd_command_nat, "say what NAT this machine is behind"},
    {"explain", fwd_command_explain, "tell why a peer is reached the way it is, and what would help"},
    {"ctl", fwd_command_ctl, "look at and change a running stunfwd"},
    {"plugins", fwd_command_plugins, "list the plugins found"},
};

int
fwd_command_usage_error(const char *format, ...)
{
  va_list arguments;

  fputs("stunfwd: ", stderr);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  return FWD_EXIT_USAGE;
}

int
fwd_command_fail(const GError *error)
{
  fprintf(stderr, "stunfwd: %s\n", error->message);
  return fwd_application_status_of(error);
}

static void
on_early_signal(int number)
{
  _exit(FWD_EXIT_OK);
}

void
fwd_command_end_on_signals(void)
{
  signal(SIGINT, on_early_signal);
  signal(SIGTERM, on_early_signal);
}

static void
print_help(void)
{
  puts("usage: stunfwd COMMAND [OPTION...]\n\n"
       "Forwards TCP and UDP ports between two machines behind NATs.\n");
  for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
    printf("  %-8s  %s\n", commands[i].name, commands[i].help);
  puts("\n`stunfwd COMMAND --help` tells the options of a command.");
}

int
main(int argc, char **argv)
{
  setlocale(LC_ALL, "");
  signal(SIGPIPE, SIG_IGN);
  if (argc < 2)
    return fwd_command_usage_error("a command is missing (stunfwd --help)");
  if (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h")) {
    print_help();
    return FWD_EXIT_OK;
  }
  if (g_str_equal(argv[1], "--version")) {
    puts(PACKAGE_STRING);
    return FWD_EXIT_OK;
  }
  for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
    if (g_str_equal(argv[1], commands[i].name))
      return commands[i].run(argc - 1, argv + 1);
  }
  return fwd_command_usage_error("there is no command \"%s\" (stunfwd --help)", argv[1]);
}
