/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "forwarder-scene.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_US (5 * G_USEC_PER_SEC)

static FwdPluginRegistry *registry;

void
scene_load(const char *forwarder)
{
  registry = fwd_plugin_registry_new();
  fwd_plugin_registry_define(registry, FWD_INTERFACE_STRATEGY, FWD_TYPE_STRATEGY);
  fwd_plugin_registry_define(registry, FWD_INTERFACE_SIGNALING, FWD_TYPE_SIGNALING);
  fwd_plugin_registry_define(registry, FWD_INTERFACE_FORWARDER, FWD_TYPE_FORWARDER);
  fwd_plugin_registry_load_all(registry, NULL);
  g_assert_nonnull(fwd_plugin_registry_find(registry, FWD_INTERFACE_FORWARDER, forwarder));
}

FwdForwarder *
scene_create(void)
{
  g_autoptr(GError) error = NULL;
  FwdForwarder *forwarder =
      fwd_plugin_registry_create(registry, FWD_INTERFACE_FORWARDER, FORWARDER, &error);

  g_assert_no_error(error);
  return forwarder;
}

void
scene_set_up(Scene *scene, gconstpointer data)
{
  scene->resolver = fake_resolver_install();
  scene->opener = scene_create();
  scene->server = scene_create();
  scene->tunnel = fake_tunnel_new(scene->server);
  scene->service = scene->accepted = -1;
}

void
scene_settle(void)
{
  while (g_main_context_iteration(NULL, FALSE))
    ;
}

void
scene_tear_down(Scene *scene, gconstpointer data)
{
  if (scene->opener != NULL)
    fwd_forwarder_close(scene->opener);
  g_clear_object(&scene->opener);
  fwd_tunnel_close(FWD_TUNNEL(scene->tunnel));
  g_clear_object(&scene->tunnel);
  g_clear_object(&scene->server);
  scene_settle();
  if (scene->service_source != 0)
    g_source_remove(scene->service_source);
  if (scene->service >= 0)
    close(scene->service);
  if (scene->accepted >= 0)
    close(scene->accepted);
  g_clear_object(&scene->channel);
  g_clear_pointer(&scene->mapping, fwd_mapping_unref);
  g_clear_object(&scene->resolver);
}

int
scene_bind(const char *address, guint16 *port)
{
  FwdEndpoint endpoint;
  socklen_t length = sizeof(endpoint);

  g_assert_true(fwd_endpoint_from_address(address, 0, &endpoint));
  int fd = socket(fwd_endpoint_family(&endpoint), SOCKET_TYPE, 0);
  g_assert_cmpint(bind(fd, &endpoint.any, fwd_endpoint_length(&endpoint)), ==, 0);
  g_assert_cmpint(getsockname(fd, &endpoint.any, &length), ==, 0);
  *port = fwd_endpoint_port(&endpoint);
  return fd;
}

static gboolean
echo(int fd)
{
  FwdEndpoint from;
  socklen_t length = sizeof(from);
  char buffer[4096];
  const gssize n = recvfrom(fd, buffer, sizeof(buffer), MSG_DONTWAIT, &from.any, &length);

  if (n < 0)
    return errno == EAGAIN;
  if (SOCKET_TYPE == SOCK_DGRAM)
    return sendto(fd, buffer, n, 0, &from.any, length) == n;
  return n > 0 && send(fd, buffer, n, MSG_NOSIGNAL) == n;
}

/* The far end answers what it was sent, and the end of it with its own end. */
static gboolean
on_service_data(int fd, GIOCondition condition, gpointer user_data)
{
  if (echo(fd))
    return G_SOURCE_CONTINUE;
  close(fd);
  return G_SOURCE_REMOVE;
}

static gboolean
on_service_connection(int fd, GIOCondition condition, gpointer user_data)
{
  const int connection = accept(fd, NULL, NULL);

  if (connection >= 0)
    g_unix_fd_add(connection, G_IO_IN | G_IO_HUP, on_service_data, NULL);
  return G_SOURCE_CONTINUE;
}

void
scene_start_service(Scene *scene, const char *address)
{
  const gboolean stream = SOCKET_TYPE == SOCK_STREAM;

  scene->service = scene_bind(address, &scene->service_port);
  if (stream)
    g_assert_cmpint(listen(scene->service, 512), ==, 0);
  scene->service_source = g_unix_fd_add(scene->service, G_IO_IN,
                                        stream ? on_service_connection : on_service_data, NULL);
}

gboolean
scene_listen(Scene *scene, const char *bind_address, guint16 port, const char *host,
             GError **error)
{
  g_autoptr(GError) parse_error = NULL;
  g_autofree char *text =
      g_strdup_printf("%s:%s:%u:%s:%u", FORWARDER, bind_address, port == 0 ? 1 : port, host,
                      MAX(scene->service_port, 1));
  /* Only a reverse mapping may ask for port 0. */
  if (port == 0) {
    g_free(text);
    text = g_strdup_printf("R:%s:%s:0:%s:%u", FORWARDER, bind_address, host,
                           MAX(scene->service_port, 1));
  }
  g_autoptr(GPtrArray) mappings = fwd_mapping_parse(text, &parse_error);

  g_assert_no_error(parse_error);
  g_clear_pointer(&scene->mapping, fwd_mapping_unref);
  scene->mapping = fwd_mapping_ref(g_ptr_array_index(mappings, 0));
  return fwd_forwarder_listen(scene->opener, scene->mapping, FWD_TUNNEL(scene->tunnel), error);
}

int
scene_connect(Scene *scene, const char *address)
{
  FwdEndpoint endpoint;

  g_assert_true(
      fwd_endpoint_from_address(address, fwd_forwarder_get_port(scene->opener), &endpoint));
  int fd = socket(fwd_endpoint_family(&endpoint), SOCKET_TYPE, 0);
  g_assert_cmpint(connect(fd, &endpoint.any, fwd_endpoint_length(&endpoint)), ==, 0);
  return fd;
}

static void
on_answer(FakeChannel *channel, int fd, gpointer user_data)
{
  Scene *scene = user_data;
  scene->accepted = fd;
}

void
scene_serve_start(Scene *scene, FwdChannelKind kind, const char *target)
{
  g_clear_object(&scene->channel);
  scene->channel = fake_channel_new(kind, target, on_answer, scene);
  fwd_forwarder_serve(scene->server, FWD_CHANNEL(scene->channel));
}

void
scene_wait_for_answer(Scene *scene)
{
  scene_wait_for(&scene->channel->answers, 1);
}

void
scene_serve(Scene *scene, const char *target)
{
  scene_serve_start(scene, SOCKET_TYPE == SOCK_STREAM ? FWD_CHANNEL_STREAM : FWD_CHANNEL_FLOW,
                    target);
  scene_wait_for_answer(scene);
}

void
scene_serve_service(Scene *scene, const char *host)
{
  g_autofree char *target = g_strdup_printf("%s:%u", host, scene->service_port);

  scene_serve(scene, target);
}

void
scene_name_service(Scene *scene, const char *const *addresses)
{
  scene->resolver->name = "service.example";
  scene->resolver->addresses = addresses;
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
  *(guint *)user_data = 1;
  return G_SOURCE_CONTINUE;
}

void
scene_wait_readable(int fd)
{
  guint readable = 0;
  const guint source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, &readable);

  scene_wait_for(&readable, 1);
  g_source_remove(source);
}

void
scene_assert_echo(int fd, const char *text)
{
  char buffer[256] = "";

  g_assert_cmpint(send(fd, text, strlen(text), MSG_NOSIGNAL), ==, (gssize)strlen(text));
  scene_wait_readable(fd);
  g_assert_cmpint(recv(fd, buffer, sizeof(buffer) - 1, 0), ==, (gssize)strlen(text));
  g_assert_cmpstr(buffer, ==, text);
}

static gboolean
on_patience_over(gpointer user_data)
{
  g_assert_not_reached();
}

void
scene_wait_for(const guint *counter, guint value)
{
  const guint patience = g_timeout_add(PATIENCE_US / 1000, on_patience_over, NULL);

  while (*counter < value)
    g_main_context_iteration(NULL, TRUE);
  g_source_remove(patience);
  g_assert_cmpuint(*counter, ==, value);
}

guint
scene_count_descriptors(void)
{
  g_autoptr(GDir) directory = g_dir_open("/proc/self/fd", 0, NULL);
  guint count = 0;

  while (g_dir_read_name(directory) != NULL)
    count++;
  return count;
}
