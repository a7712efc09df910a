/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/options.h"

#include "cli/command.h"
#include "core/log.h"

FwdOptions *
fwd_options_parse(int argc, char **argv, const char *synopsis, const char *summary, int *status)
{
  g_autoptr(FwdOptions) options = g_new0(FwdOptions, 1);
  g_autofree char *usage = g_strconcat(argv[0], " ", synopsis, NULL);
  g_autoptr(GOptionContext) context = g_option_context_new(NULL);
  g_autoptr(GError) error = NULL;
  const GOptionEntry entries[] = {
      {"signaling", 0, 0, G_OPTION_ARG_STRING, &options->signaling, "signaling server", "URL"},
      {"room", 0, 0, G_OPTION_ARG_STRING, &options->room, "room to meet in", "ID"},
      {"passphrase-file", 0, 0, G_OPTION_ARG_FILENAME, &options->passphrase_file,
       "file with the room's passphrase", "FILE"},
      {"ticket-file", 0, 0, G_OPTION_ARG_FILENAME, &options->ticket_file,
       "file with the ticket", "FILE"},
      {"allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->allow,
       "targets beyond loopback that clients may reach", "FORWARDER:PATTERN"},
      {"stun", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->stun, "STUN server", "HOST:PORT"},
      {"turn", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->turn,
       "TURN server, as turn:HOST:PORT or turns:HOST:PORT", "URI"},
      {"turn-user", 0, 0, G_OPTION_ARG_STRING, &options->turn_user, "user name there", "NAME"},
      {"turn-password-file", 0, 0, G_OPTION_ARG_FILENAME, &options->turn_password_file,
       "file with the password there", "FILE"},
      {"strategy", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->strategies,
       "the only strategy to use; may be repeated", "ID"},
      {"plugin-dir", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->plugin_dirs,
       "folder with plugins, searched first", "DIR"},
      {"config", 0, 0, G_OPTION_ARG_FILENAME, &options->config, "configuration file", "FILE"},
      {"control", 0, 0, G_OPTION_ARG_FILENAME, &options->control, "control socket", "PATH"},
      {"log-level", 0, 0, G_OPTION_ARG_STRING, &options->log_level,
       "error, warning, info or debug", "LEVEL"},
      {"log-format", 0, 0, G_OPTION_ARG_STRING, &options->log_format, "text, json or journal",
       "FORMAT"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->rest, NULL, NULL},
      G_OPTION_ENTRY_NULL,
  };

  g_option_context_set_help_enabled(context, FALSE);
  g_option_context_add_main_entries(context, entries, NULL);
  for (int i = 1; i < argc; i++) {
    if (g_str_equal(argv[i], "--help") || g_str_equal(argv[i], "-h")) {
      g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);
      char *entries_help = strstr(help, "\n\n");
      g_print("usage: stunfwd %s\n\n%s%s", usage, summary, entries_help ? entries_help : "\n");
      *status = FWD_EXIT_OK;
      return NULL;
    }
  }
  if (!g_option_context_parse(context, &argc, &argv, &error)) {
    *status = fwd_command_usage_error("%s (stunfwd %s --help)", error->message, argv[0]);
    return NULL;
  }
  return g_steal_pointer(&options);
}

void
fwd_options_free(FwdOptions *options)
{
  char *texts[] = {
      options->signaling, options->room,      options->passphrase_file,   options->ticket_file,
      options->config,    options->control,   options->log_level,         options->log_format,
      options->ticket,    options->turn_user, options->turn_password_file};

  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  g_strfreev(options->allow);
  g_strfreev(options->stun);
  g_strfreev(options->turn);
  g_strfreev(options->strategies);
  g_strfreev(options->plugin_dirs);
  g_strfreev(options->rest);
  g_strfreev(options->mappings);
  g_free(options);
}

gboolean
fwd_options_begin_log(const FwdOptions *options, const char *level)
{
  static const char *const names[] = {"text", "json", "journal", NULL};
  static const FwdLogFormat formats[] = {FWD_LOG_TEXT, FWD_LOG_JSON, FWD_LOG_JOURNAL};
  const char *wanted = options->log_format ? options->log_format : "text";

  for (guint i = 0; names[i]; i++) {
    if (!g_str_equal(names[i], wanted))
      continue;
    if (fwd_log_init(formats[i], options->log_level ? options->log_level : level))
      return TRUE;
    fwd_command_usage_error("--log-level %s: not one of error, warning, info, debug",
                            options->log_level);
    return FALSE;
  }
  fwd_command_usage_error("--log-format %s: not one of text, json, journal", wanted);
  return FALSE;
}

static void
apply_text(FwdProfile *profile, const char *property, const char *option, FwdProfile *file)
{
  g_autofree char *value = g_strdup(option);

  if (!value && file)
    g_object_get(file, property, &value, NULL);
  if (value)
    g_object_set(profile, property, value, NULL);
}

static void
apply_texts(FwdProfile *profile, const char *property, GStrv option, FwdProfile *file,
            gboolean add_up)
{
  g_autoptr(GStrvBuilder) all = g_strv_builder_new();
  g_auto(GStrv) of_file = NULL, value = NULL;

  if (file && (add_up || !option))
    g_object_get(file, property, &of_file, NULL);
  if (of_file)
    g_strv_builder_addv(all, (const char **)of_file);
  if (option)
    g_strv_builder_addv(all, (const char **)option);
  value = g_strv_builder_end(all);
  g_object_set(profile, property, value, NULL);
}

void
fwd_options_apply(const FwdOptions *options, FwdProfile *file, FwdProfile *profile)
{
  apply_text(profile, "signaling-url", options->signaling, file);
  apply_text(profile, "room", options->room, file);
  apply_text(profile, "passphrase-file", options->passphrase_file, file);
  apply_text(profile, "ticket-file", options->ticket_file, file);
  apply_text(profile, "ticket", options->ticket, file);
  apply_texts(profile, "allow", options->allow, file, FALSE);
  apply_texts(profile, "stun", options->stun, file, FALSE);
  apply_text(profile, "turn-user", options->turn_user, file);
  apply_text(profile, "turn-password-file", options->turn_password_file, file);
  apply_texts(profile, "turn", options->turn, file, FALSE);
  apply_texts(profile, "strategies", options->strategies, file, FALSE);
  apply_texts(profile, "mappings", options->mappings, file, TRUE);
}

static void
on_settings_changed(FwdSettings *settings, const char *profile, gpointer user_data)
{
  if (!*profile)
    fwd_log_set_level(fwd_settings_get_log_level(settings));
}

void
fwd_options_follow(FwdOptions *options, FwdSettings *settings)
{
  const char *control = fwd_settings_get_control(settings);

  if (!options->control && *control)
    options->control = g_strdup(control);
  if (options->log_level)
    return;
  fwd_log_set_level(fwd_settings_get_log_level(settings));
  g_signal_connect(settings, "changed", G_CALLBACK(on_settings_changed), NULL);
}

const char *
fwd_options_find_session_option(const FwdOptions *options)
{
  const struct {
    const char *name;
    gconstpointer value;
  } session_options[] = {
      {"--signaling", options->signaling},
      {"--room", options->room},
      {"--passphrase-file", options->passphrase_file},
      {"--ticket-file", options->ticket_file},
      {"--allow", options->allow},
      {"--stun", options->stun},
      {"--turn", options->turn},
      {"--turn-user", options->turn_user},
      {"--turn-password-file", options->turn_password_file},
      {"--strategy", options->strategies},
  };

  for (gsize i = 0; i < G_N_ELEMENTS(session_options); i++) {
    if (session_options[i].value)
      return session_options[i].name;
  }
  return NULL;
}
