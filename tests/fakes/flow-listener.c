/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/flow-listener.h"

#include <string.h>
#include <unistd.h>

#define LIMIT_SECONDS 20
#define SIZE_MAX_HERE 65536

static int
make_socket(struct sockaddr_in *address)
{
  const struct timeval limit = {.tv_sec = LIMIT_SECONDS};
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  socklen_t length = sizeof *address;

  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  g_assert_cmpint(bind(fd, (struct sockaddr *)address, length), ==, 0);
  getsockname(fd, (struct sockaddr *)address, &length);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

int
fwd_flow_listener_add_application(const FwdFlowListener *listener)
{
  struct sockaddr_in own, address;
  socklen_t length = sizeof address;
  const int fd = make_socket(&own);

  getsockname(listener->bound, (struct sockaddr *)&address, &length);
  g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  return fd;
}

FwdFlowListener
fwd_flow_listener_new(FwdTunnelPair *pair)
{
  struct sockaddr_in address;
  FwdFlowListener listener = {.pair = pair, .bound = make_socket(&address)};

  listener.application = fwd_flow_listener_add_application(&listener);
  fwd_tunnel_open(FWD_TUNNEL(pair->tunnel[FWD_PAIR_CLIENT]), FWD_CHANNEL_FLOW, "udp",
                  "127.0.0.1:53", listener.bound, NULL);
  return listener;
}

int
fwd_flow_listener_open_flow(const FwdFlowListener *listener, int application)
{
  char first[16];
  int far_fd;

  g_assert_cmpint(send(application, "first", 5, 0), ==, 5);
  far_fd = fwd_tunnel_pair_next_served(listener->pair);
  g_assert_cmpint(recv(far_fd, first, sizeof first, 0), ==, 5);
  return far_fd;
}

typedef struct {
  int fd;
  const gsize *sizes;
  guint count;
} Burst;

static void
send_burst(gpointer data)
{
  const Burst *burst = data;
  g_autofree guint8 *bytes = g_malloc(SIZE_MAX_HERE);

  for (guint i = 0; i < burst->count; i++) {
    memset(bytes, (int)(i & 0xff), burst->sizes[i]);
    g_assert_cmpint(send(burst->fd, bytes, burst->sizes[i], 0), ==, burst->sizes[i]);
  }
}

void
fwd_flow_listener_burst(const FwdFlowListener *listener, int application, const gsize *sizes,
                        guint count)
{
  Burst burst = {.fd = application, .sizes = sizes, .count = count};

  fwd_data_loop_post_and_wait(fwd_data_plane_get_loop(listener->pair->plane[FWD_PAIR_CLIENT]),
                              send_burst, &burst);
}

void
fwd_flow_expect(int fd, guint number, gsize size)
{
  g_autofree guint8 *got = g_malloc(SIZE_MAX_HERE), *expected = g_malloc(SIZE_MAX_HERE);

  memset(expected, (int)(number & 0xff), size);
  g_assert_cmpint(recv(fd, got, SIZE_MAX_HERE, 0), ==, size);
  g_assert_cmpmem(got, size, expected, size);
}
