/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manage/control-service.h"

#define FWD_LOG_COMPONENT "control"
#include "core/log.h"
#include "manage/control-interface.h"
#include "manage/control-socket.h"
#include "manage/explain.h"
#include "manage/status.h"
#include <stunfwd/error.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct _FwdControlService {
  GObject parent;
  FwdApplication *application; /* outlives its components */
  char *socket;
  GPtrArray *sessions;
  GDBusServer *server;
  GPtrArray *connections;
};

static void fwd_control_service_component_init(FwdComponentInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdControlService, fwd_control_service, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_COMPONENT,
                                                    fwd_control_service_component_init))

static FwdMappingTable *
find_table(FwdControlService *self, const char *profile, GError **error)
{
  FwdMappingTable *found = NULL;

  for (guint i = 0; i < self->sessions->len; i++) {
    FwdSession *session = self->sessions->pdata[i];
    g_autofree char *name = NULL;
    g_object_get(fwd_session_get_profile(session), "name", &name, NULL);
    if (fwd_session_get_mappings(session) && (!*profile || g_strcmp0(name, profile) == 0)) {
      if (found) {
        g_set_error(error, FWD_CONTROL_ERROR, FWD_ERROR_INVALID,
                    "there are several clients here: name the profile");
        return NULL;
      }
      found = fwd_session_get_mappings(session);
    }
  }
  if (!found)
    g_set_error(error, FWD_CONTROL_ERROR, FWD_ERROR_INVALID,
                *profile ? "there is no client profile \"%s\" here"
                         : "this is a server: mappings are the client's%s",
                profile);
  return found;
}

static GVariant *
method_status(FwdControlService *self, GDBusMethodInvocation *invocation, GError **error)
{
  g_autofree char *json = fwd_status_to_text(self->sessions);

  return g_variant_new("(s)", json);
}

static GVariant *
method_explain(FwdControlService *self, GDBusMethodInvocation *invocation, GError **error)
{
  g_autofree char *json = fwd_status_collect(self->sessions, fwd_explain_session);

  return g_variant_new("(s)", json);
}

static GVariant *
method_add_mapping(FwdControlService *self, GDBusMethodInvocation *invocation, GError **error)
{
  const char *profile, *mapping;
  FwdMappingTable *table;
  guint id;

  g_variant_get(g_dbus_method_invocation_get_parameters(invocation), "(&s&s)", &profile,
                &mapping);
  table = find_table(self, profile, error);
  id = table ? fwd_mapping_table_add(table, mapping, error) : 0;
  return id ? g_variant_new("(u)", id) : NULL;
}

static GVariant *
method_remove_mapping(FwdControlService *self, GDBusMethodInvocation *invocation,
                      GError **error)
{
  const char *profile;
  FwdMappingTable *table;
  guint id;

  g_variant_get(g_dbus_method_invocation_get_parameters(invocation), "(&su)", &profile, &id);
  table = find_table(self, profile, error);
  if (!table || !fwd_mapping_table_remove(table, id, error))
    return NULL;
  return g_variant_new("()");
}

static GVariant *
method_plugins(FwdControlService *self, GDBusMethodInvocation *invocation, GError **error)
{
  g_autofree char *json =
      fwd_status_describe_plugins(fwd_application_get_registry(self->application));

  return g_variant_new("(s)", json);
}

static GVariant *
method_set_log_level(FwdControlService *self, GDBusMethodInvocation *invocation, GError **error)
{
  const char *level;

  g_variant_get(g_dbus_method_invocation_get_parameters(invocation), "(&s)", &level);
  if (fwd_log_set_level(level))
    return g_variant_new("()");
  g_set_error(error, FWD_CONTROL_ERROR, FWD_ERROR_INVALID,
              "\"%s\" is none of error, warning, info, debug", level);
  return NULL;
}

static void
on_flushed(GObject *connection, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(FwdControlService) self = user_data;

  g_dbus_connection_flush_finish(G_DBUS_CONNECTION(connection), result, NULL);
  fwd_application_quit(self->application, NULL);
}

static gboolean
on_answered(gpointer invocation)
{
  FwdControlService *self = g_dbus_method_invocation_get_user_data(invocation);

  g_dbus_connection_flush(g_dbus_method_invocation_get_connection(invocation), NULL, on_flushed,
                          g_object_ref(self));
  return G_SOURCE_REMOVE;
}

/* Stopping closes all connections, so the answer has to have left before. */
static GVariant *
method_stop(FwdControlService *self, GDBusMethodInvocation *invocation, GError **error)
{
  g_object_set_data_full(G_OBJECT(invocation), "service", g_object_ref(self), g_object_unref);
  g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, on_answered, g_object_ref(invocation),
                  g_object_unref);
  return g_variant_new("()");
}

static const struct {
  const char *name;
  GVariant *(*call)(FwdControlService *self, GDBusMethodInvocation *invocation, GError **error);
} methods[] = {
    {"Status", method_status},
    {"Explain", method_explain},
    {"AddMapping", method_add_mapping},
    {"RemoveMapping", method_remove_mapping},
    {"Plugins", method_plugins},
    {"SetLogLevel", method_set_log_level},
    {"Stop", method_stop},
};

/* The interface is checked against its description before: the name is one of the table. */
static void
on_method(GDBusConnection *connection, const char *sender, const char *path,
          const char *interface, const char *name, GVariant *parameters,
          GDBusMethodInvocation *invocation, gpointer user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
    g_autoptr(GError) error = NULL;
    GVariant *result;
    if (!g_str_equal(methods[i].name, name))
      continue;
    result = methods[i].call(user_data, invocation, &error);
    if (result)
      g_dbus_method_invocation_return_value(invocation, result);
    else
      g_dbus_method_invocation_return_dbus_error(invocation, FWD_CONTROL_INTERFACE ".Error",
                                                 error->message);
    return;
  }
}

static gboolean
on_authorize(GDBusAuthObserver *observer, GIOStream *stream, GCredentials *credentials,
             gpointer user_data)
{
  uid_t user = credentials ? g_credentials_get_unix_user(credentials, NULL) : (uid_t)-1;

  return user != (uid_t)-1 && (user == 0 || user == geteuid());
}

static gboolean
on_mechanism(GDBusAuthObserver *observer, const char *mechanism, gpointer user_data)
{
  return g_str_equal(mechanism, "EXTERNAL");
}

static void
on_closed(GDBusConnection *connection, gboolean vanished, GError *error,
          FwdControlService *self)
{
  g_ptr_array_remove_fast(self->connections, connection);
}

static gboolean
on_connection(GDBusServer *server, GDBusConnection *connection, FwdControlService *self)
{
  static const GDBusInterfaceVTable table = {.method_call = on_method};
  guint id = g_dbus_connection_register_object(
      connection, FWD_CONTROL_PATH, (GDBusInterfaceInfo *)&org_stunfwd_control1_interface,
      &table, self, NULL, NULL);

  if (!id)
    return FALSE;
  g_signal_connect_object(connection, "closed", G_CALLBACK(on_closed), self, 0);
  g_ptr_array_add(self->connections, g_object_ref(connection));
  return TRUE;
}

/* Only a socket that nobody listens to is replaced: a wrong path costs no file. */
static gboolean
remove_stale(const char *path, GError **error)
{
  struct stat status;

  if (lstat(path, &status) != 0)
    return TRUE;
  if (!S_ISSOCK(status.st_mode)) {
    g_set_error(error, FWD_CONTROL_ERROR, FWD_ERROR_INVALID,
                "control socket: %s exists and is no socket", path);
    return FALSE;
  }
  g_unlink(path);
  return TRUE;
}

static gboolean
prepare_path(FwdControlService *self, GError **error)
{
  g_autofree char *directory = g_path_get_dirname(self->socket);

  if (g_mkdir_with_parents(directory, 0700) != 0) {
    g_set_error(error, FWD_CONTROL_ERROR, FWD_ERROR_DENIED, "control socket: %s: %s", directory,
                g_strerror(errno));
    return FALSE;
  }
  if (fwd_control_socket_is_alive(self->socket)) {
    g_set_error(error, FWD_CONTROL_ERROR, FWD_ERROR_REFUSED,
                "control socket: %s is in use by another program", self->socket);
    return FALSE;
  }
  return remove_stale(self->socket, error);
}

static gboolean
listen_on(FwdControlService *self, GError **error)
{
  g_autoptr(GDBusAuthObserver) observer = g_dbus_auth_observer_new();
  g_autofree char *guid = g_dbus_generate_guid();
  g_autofree char *escaped = g_dbus_address_escape_value(self->socket);
  g_autofree char *address = g_strconcat("unix:path=", escaped, NULL);

  g_signal_connect(observer, "allow-mechanism", G_CALLBACK(on_mechanism), NULL);
  g_signal_connect(observer, "authorize-authenticated-peer", G_CALLBACK(on_authorize), NULL);
  self->server =
      g_dbus_server_new_sync(address, G_DBUS_SERVER_FLAGS_NONE, guid, observer, NULL, error);
  if (!self->server)
    return FALSE;
  g_chmod(self->socket, 0600);
  g_signal_connect_object(self->server, "new-connection", G_CALLBACK(on_connection), self, 0);
  g_dbus_server_start(self->server);
  return TRUE;
}

static gboolean
component_start(FwdComponent *component, GError **error)
{
  FwdControlService *self = FWD_CONTROL_SERVICE(component);

  if (!prepare_path(self, error))
    return FALSE;
  if (!listen_on(self, error)) {
    g_prefix_error(error, "control socket %s: ", self->socket);
    return FALSE;
  }
  fwd_log_debug("control socket %s", self->socket);
  return TRUE;
}

static void
close_all(FwdControlService *self)
{
  if (!self->server)
    return;
  g_dbus_server_stop(self->server);
  g_clear_object(&self->server);
  g_unlink(self->socket);
  for (guint i = 0; i < self->connections->len; i++)
    g_dbus_connection_close(self->connections->pdata[i], NULL, NULL, NULL);
}

static void
component_stop_async(FwdComponent *component, guint limit_ms, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(component, NULL, callback, user_data);

  g_task_set_source_tag(task, component_stop_async);
  close_all(FWD_CONTROL_SERVICE(component));
  g_task_return_boolean(task, TRUE);
}

static void
component_stop_finish(FwdComponent *component, GAsyncResult *result)
{
  g_task_propagate_boolean(G_TASK(result), NULL);
}

static void
fwd_control_service_component_init(FwdComponentInterface *interface)
{
  interface->start = component_start;
  interface->stop_async = component_stop_async;
  interface->stop_finish = component_stop_finish;
}

void
fwd_control_service_add_session(FwdControlService *self, FwdSession *session)
{
  g_ptr_array_add(self->sessions, g_object_ref(session));
}

static void
fwd_control_service_finalize(GObject *object)
{
  FwdControlService *self = FWD_CONTROL_SERVICE(object);

  close_all(self);
  g_ptr_array_unref(self->sessions);
  g_ptr_array_unref(self->connections);
  g_free(self->socket);
  G_OBJECT_CLASS(fwd_control_service_parent_class)->finalize(object);
}

static void
fwd_control_service_class_init(FwdControlServiceClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = fwd_control_service_finalize;
}

static void
fwd_control_service_init(FwdControlService *self)
{
  self->sessions = g_ptr_array_new_with_free_func(g_object_unref);
  self->connections = g_ptr_array_new_with_free_func(g_object_unref);
}

FwdControlService *
fwd_control_service_new(FwdApplication *application, const char *socket)
{
  FwdControlService *self = g_object_new(FWD_TYPE_CONTROL_SERVICE, NULL);

  self->application = application;
  self->socket = g_strdup(socket);
  return self;
}
