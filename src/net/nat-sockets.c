/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nat-sockets.h"

#include "datagram-socket.h"
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stunfwd/error.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Datagrams of one socket for each wake-up; the rest keeps until the next one. */
#define DATAGRAMS_MAX 64

typedef struct {
  int fd;
  guint16 port;
} Member;

struct FwdNatSockets {
  FwdNatSocketsEvents events;
  gpointer user_data;
  int family;
  int epoll;
  guint count;
  Member members[FWD_NAT_SOCKETS_MAX];
  guint8 buffer[FWD_DATAGRAM_BUFFER_SIZE];
};

static void
ask_for_errors(int fd, int family)
{
  int on = 1;

  /* A kernel that cannot do it leaves the hops unmeasured. */
  if (family == AF_INET6)
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
  else
    setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
}

static gboolean
open_member(FwdNatSockets *sockets, guint index, GError **error)
{
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
  Member *member = &sockets->members[index];
  FwdEndpoint local;

  fwd_endpoint_any(sockets->family, &local);
  member->fd = fwd_datagram_socket_open(&local, error);
  if (member->fd < 0)
    return FALSE;
  sockets->count++;
  ask_for_errors(member->fd, sockets->family);
  if (fwd_datagram_socket_get_local(member->fd, &local))
    member->port = fwd_endpoint_port(&local);
  if (epoll_ctl(sockets->epoll, EPOLL_CTL_ADD, member->fd, &event) == 0)
    return TRUE;
  g_set_error(error, FWD_NET_ERROR, FWD_ERROR_FAILED, "epoll: %s", g_strerror(errno));
  return FALSE;
}

FwdNatSockets *
fwd_nat_sockets_new(int family, guint count, const FwdNatSocketsEvents *events,
                    gpointer user_data, GError **error)
{
  g_autoptr(FwdNatSockets) sockets = g_new0(FwdNatSockets, 1);

  g_return_val_if_fail(count > 0 && count <= FWD_NAT_SOCKETS_MAX, NULL);

  sockets->events = *events;
  sockets->user_data = user_data;
  sockets->family = family;
  sockets->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (sockets->epoll < 0) {
    g_set_error(error, FWD_NET_ERROR, FWD_ERROR_FAILED, "epoll: %s", g_strerror(errno));
    return NULL;
  }
  for (guint i = 0; i < count; i++)
    if (!open_member(sockets, i, error))
      return NULL;
  return g_steal_pointer(&sockets);
}

void
fwd_nat_sockets_free(FwdNatSockets *sockets)
{
  for (guint i = 0; i < sockets->count; i++)
    close(sockets->members[i].fd);
  if (sockets->epoll >= 0)
    close(sockets->epoll);
  g_free(sockets);
}

guint
fwd_nat_sockets_count(const FwdNatSockets *sockets)
{
  return sockets->count;
}

guint16
fwd_nat_sockets_get_port(const FwdNatSockets *sockets, guint socket)
{
  return sockets->members[socket].port;
}

int
fwd_nat_sockets_get_fd(const FwdNatSockets *sockets)
{
  return sockets->epoll;
}

/* An error of an earlier packet may be reported by this send, which then did not happen. */
void
fwd_nat_sockets_send(FwdNatSockets *sockets, guint socket, guint hops, const FwdEndpoint *to,
                     const guint8 *data, gsize length)
{
  int fd = sockets->members[socket].fd;

  if (fwd_datagram_socket_send_one(fd, to, hops, data, length) != 0)
    (void)fwd_datagram_socket_send_one(fd, to, hops, data, length);
}

static gboolean
is_time_exceeded(const struct sock_extended_err *error)
{
  return (error->ee_origin == SO_EE_ORIGIN_ICMP && error->ee_type == ICMP_TIME_EXCEEDED) ||
         (error->ee_origin == SO_EE_ORIGIN_ICMP6 && error->ee_type == ICMP6_TIME_EXCEEDED);
}

static void
take_error(FwdNatSockets *sockets, guint index, struct msghdr *header)
{
  for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item; item = CMSG_NXTHDR(header, item)) {
    const struct sock_extended_err *error = (const void *)CMSG_DATA(item);
    gsize room = item->cmsg_len - CMSG_LEN(0);
    FwdEndpoint router;

    if (!(item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_RECVERR) &&
        !(item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_RECVERR))
      continue;
    if (room > sizeof *error && is_time_exceeded(error) &&
        fwd_endpoint_from_sockaddr(SO_EE_OFFENDER(error), (socklen_t)(room - sizeof *error),
                                   &router))
      sockets->events.expired(index, &router, sockets->user_data);
  }
}

static void
read_errors(FwdNatSockets *sockets, guint index)
{
  for (guint i = 0; i < DATAGRAMS_MAX; i++) {
    _Alignas(struct cmsghdr) guint8 control[256];
    struct iovec data = {.iov_base = sockets->buffer, .iov_len = sizeof sockets->buffer};
    struct msghdr header = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };

    if (recvmsg(sockets->members[index].fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
      return;
    take_error(sockets, index, &header);
  }
}

static void
read_datagrams(FwdNatSockets *sockets, guint index)
{
  for (guint i = 0; i < DATAGRAMS_MAX; i++) {
    FwdEndpoint from;
    gsize segment;
    gssize length = fwd_datagram_socket_receive(sockets->members[index].fd, sockets->buffer,
                                                sizeof sockets->buffer, &from, &segment);

    if (length <= 0)
      return;
    for (gsize at = 0; at < (gsize)length; at += segment)
      sockets->events.received(index, &from, sockets->buffer + at,
                               MIN(segment, (gsize)length - at), sockets->user_data);
  }
}

void
fwd_nat_sockets_read(FwdNatSockets *sockets)
{
  struct epoll_event ready[FWD_NAT_SOCKETS_MAX];
  int count = epoll_wait(sockets->epoll, ready, G_N_ELEMENTS(ready), 0);

  for (int i = 0; i < count; i++) {
    if (ready[i].events & EPOLLERR)
      read_errors(sockets, ready[i].data.u32);
    read_datagrams(sockets, ready[i].data.u32);
  }
}
