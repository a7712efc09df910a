/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/host.h"

#include "cli/command.h"
#include "core/settling.h"
#include "core/trust.h"
#include "manage/control-service.h"
#include "manage/control-socket.h"
#include "session/client-session.h"
#include "session/interfaces.h"
#include "session/server-session.h"

struct FwdHost {
  FwdApplication *application;
  FwdControlService *control;
  FwdSettling *settling;
};

FwdHost *
fwd_host_new(const FwdOptions *options, const char *name)
{
  FwdHost *host = g_new0(FwdHost, 1);
  g_autofree char *socket = fwd_control_socket_choose(options->control, name);
  FwdPluginRegistry *registry;

  host->application = fwd_application_new();
  registry = fwd_application_get_registry(host->application);
  fwd_interfaces_define(registry);
  fwd_plugin_registry_load_all(registry, (const char *const *)options->plugin_dirs);
  host->control = fwd_control_service_new(host->application, socket);
  fwd_application_add(host->application, FWD_COMPONENT(host->control));
  host->settling =
      fwd_settling_new(fwd_application_get_bus(host->application), FWD_SETTLING_DELAY_MS);
  return host;
}

void
fwd_host_free(FwdHost *host)
{
  fwd_settling_free(host->settling);
  g_object_unref(host->control);
  g_object_unref(host->application);
  g_free(host);
}

static void
on_failed(FwdSession *session, const GError *error, FwdHost *host)
{
  fwd_application_quit(host->application, error);
}

FwdSession *
fwd_host_add(FwdHost *host, FwdProfile *profile)
{
  g_autoptr(FwdSession) session = NULL;
  guint role;

  g_object_get(profile, "role", &role, NULL);
  session = role == FWD_ROLE_CLIENT
                ? FWD_SESSION(fwd_client_session_new(host->application, profile))
                : FWD_SESSION(fwd_server_session_new(host->application, profile));
  g_signal_connect(session, "failed", G_CALLBACK(on_failed), host);
  fwd_application_add(host->application, FWD_COMPONENT(session));
  fwd_control_service_add_session(host->control, session);
  return session; /* the application keeps it */
}

int
fwd_host_run(FwdHost *host)
{
  g_autoptr(GError) error = NULL;

  if (!fwd_trust_init(&error))
    return fwd_command_fail(error);
  return fwd_application_run(host->application);
}
