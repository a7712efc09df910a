/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-router.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT       5351
#define OTHER_PORT 5352

typedef struct {
  guint8 data[ROUTER_MESSAGE_MAX];
  gsize length;
} Request;

static GMutex mutex;
static GCond ready;
static pid_t router_thread;
static gboolean connected;
static RouterScript script;
static GArray *requests; /* of Request */

static void
run(const char *command)
{
  g_autoptr(GError) error = NULL;
  gint status;

  g_spawn_command_line_sync(command, NULL, NULL, &status, &error);
  g_assert_no_error(error);
  if (status != 0)
    g_error("%s: status %d", command, status);
}

static int
open_socket(guint16 port)
{
  const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint(fd, >=, 0);
  g_assert_cmpint(bind(fd, (const struct sockaddr *)&address, sizeof address), ==, 0);
  return fd;
}

static void
answer(int fd, int other, const Request *request, const struct sockaddr_in *from)
{
  RouterAnswer answers[4] = {0};
  guint count;

  g_mutex_lock(&mutex);
  g_array_append_vals(requests, request, 1);
  count = script != NULL ? script(request->data, request->length, answers) : 0;
  g_mutex_unlock(&mutex);
  for (guint i = 0; i < count; i++) {
    g_usleep(answers[i].delay_ms * 1000);
    sendto(answers[i].from_elsewhere ? other : fd, answers[i].data, answers[i].length, 0,
           (const struct sockaddr *)from, sizeof *from);
  }
}

static gpointer
serve(gpointer data)
{
  struct sockaddr_in from;
  Request request;
  int fd, other;

  g_assert_cmpint(unshare(CLONE_NEWNET), ==, 0);
  g_mutex_lock(&mutex);
  router_thread = gettid();
  g_cond_broadcast(&ready);
  while (!connected)
    g_cond_wait(&ready, &mutex);
  g_mutex_unlock(&mutex);
  run("ip address add 192.168.77.1/24 dev lan");
  run("ip link set lan up");
  fd = open_socket(PORT);
  other = open_socket(OTHER_PORT);
  g_mutex_lock(&mutex);
  connected = FALSE;
  g_cond_broadcast(&ready);
  g_mutex_unlock(&mutex);
  for (;;) {
    socklen_t size = sizeof from;
    const gssize length =
        recvfrom(fd, request.data, sizeof request.data, 0, (struct sockaddr *)&from, &size);
    if (length < 0)
      continue;
    request.length = length;
    answer(fd, other, &request, &from);
  }
  return NULL;
}

/* Without root: a user namespace in which this user is root. */
static void
enter_namespace(void)
{
  g_autofree char *map = g_strdup_printf("0 %u 1", geteuid());
  int fd;

  if (geteuid() == 0) {
    g_assert_cmpint(unshare(CLONE_NEWNET), ==, 0);
    return;
  }
  g_assert_cmpint(unshare(CLONE_NEWUSER | CLONE_NEWNET), ==, 0);
  fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
  g_assert_cmpint(write(fd, map, strlen(map)), ==, (gssize)strlen(map));
  close(fd);
}

void
scripted_router_start(void)
{
  g_autofree char *link = NULL;

  enter_namespace();
  requests = g_array_new(FALSE, FALSE, sizeof(Request));
  g_thread_unref(g_thread_new("router", serve, NULL));
  g_mutex_lock(&mutex);
  while (router_thread == 0)
    g_cond_wait(&ready, &mutex);
  link = g_strdup_printf("ip link add eth0 type veth peer name lan netns %d", router_thread);
  run(link);
  run("ip address add 192.168.77.10/24 dev eth0");
  run("ip link set eth0 up");
  run("ip link set lo up");
  connected = TRUE;
  g_cond_broadcast(&ready);
  while (connected)
    g_cond_wait(&ready, &mutex);
  g_mutex_unlock(&mutex);
  scripted_router_set_route(TRUE);
}

void
scripted_router_play(RouterScript next)
{
  g_mutex_lock(&mutex);
  script = next;
  g_array_set_size(requests, 0);
  g_mutex_unlock(&mutex);
}

static gboolean
matches(const Request *request, guint8 version, guint8 opcode)
{
  return request->length >= 2 && request->data[0] == version && request->data[1] == opcode;
}

guint
scripted_router_count(guint8 version, guint8 opcode)
{
  guint count = 0;

  g_mutex_lock(&mutex);
  for (guint i = 0; i < requests->len; i++)
    count += matches(&g_array_index(requests, Request, i), version, opcode);
  g_mutex_unlock(&mutex);
  return count;
}

gboolean
scripted_router_get_last(guint8 version, guint8 opcode, guint8 *data, gsize *length)
{
  gboolean found = FALSE;

  g_mutex_lock(&mutex);
  for (guint i = requests->len; i > 0 && !found; i--) {
    const Request *request = &g_array_index(requests, Request, i - 1);
    found = matches(request, version, opcode);
    if (found)
      memcpy(data, request->data, *length = request->length);
  }
  g_mutex_unlock(&mutex);
  return found;
}

void
scripted_router_set_route(gboolean up)
{
  run(up ? "ip route add default via 192.168.77.1" : "ip route del default");
}
