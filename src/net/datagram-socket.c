/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "net/datagram-socket.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <string.h>
#include <stunfwd/error.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define BUFFER_SIZE        FWD_DATAGRAM_RECEIVE_BUFFER
#define FORCED_BUFFER_SIZE (8 << 20)
/** Largest payload of one UDP datagram over IPv6 without options, and of a segmented send. */
#define PAYLOAD_MAX 65487
/** Sends without segmentation offload, after one was refused, before it is tried again. */
#define OFFLOAD_PAUSE 256

/* Of the process: a route without offload is a matter of its device, and rare. */
static gint offload_pause;

/* Opening. */

static void
set_option(int fd, int level, int option, int value)
{
  /* What a kernel can't do costs speed, not function. */
  setsockopt(fd, level, option, &value, sizeof value);
}

static void
set_buffer(int fd, int forced_option, int option)
{
  int size = FORCED_BUFFER_SIZE;

  if (setsockopt(fd, SOL_SOCKET, forced_option, &size, sizeof size) != 0)
    set_option(fd, SOL_SOCKET, option, BUFFER_SIZE);
}

static void
configure(int fd, int family)
{
  set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
  set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
  set_option(fd, IPPROTO_UDP, UDP_GRO, 1);
  if (family == AF_INET6) {
    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
  } else {
    set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  }
}

static FwdErrorCode
classify(int error)
{
  switch (error) {
  case EAFNOSUPPORT:
  case EPROTONOSUPPORT:
  case EADDRNOTAVAIL: /* of IPv6 that is switched off */
    return FWD_ERROR_UNSUPPORTED;
  case EADDRINUSE:
    return FWD_ERROR_REFUSED;
  case EACCES:
  case EPERM:
    return FWD_ERROR_DENIED;
  default:
    return FWD_ERROR_FAILED;
  }
}

int
fwd_datagram_socket_open(const FwdEndpoint *bind_to, GError **error)
{
  int family = fwd_endpoint_family(bind_to), saved;
  int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  if (fd >= 0) {
    configure(fd, family);
    if (bind(fd, &bind_to->any, fwd_endpoint_length(bind_to)) == 0)
      return fd;
  }
  saved = errno;
  if (fd >= 0)
    close(fd);
  {
    char text[FWD_ENDPOINT_TEXT_MAX];
    g_set_error(error, FWD_NET_ERROR, classify(saved), "can't open a UDP socket on %s: %s",
                fwd_endpoint_format(bind_to, text), g_strerror(saved));
  }
  return -1;
}

gboolean
fwd_datagram_socket_adopt(int fd, const FwdEndpoint *remote)
{
  const int flags = fcntl(fd, F_GETFL);

  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
      fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
    return FALSE;
  configure(fd, fwd_endpoint_family(remote));
  return connect(fd, &remote->any, fwd_endpoint_length(remote)) == 0;
}

gsize
fwd_datagram_socket_get_receive_buffer(int fd)
{
  int doubled = 0;
  socklen_t length = sizeof doubled;

  /* The kernel counts its own overhead in, socket(7). */
  getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &doubled, &length);
  return (gsize)doubled / 2;
}

gboolean
fwd_datagram_socket_get_local(int fd, FwdEndpoint *endpoint)
{
  struct sockaddr_storage address;
  socklen_t length = sizeof address;

  return getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
         fwd_endpoint_from_sockaddr((struct sockaddr *)&address, length, endpoint);
}

/* Sending. */

/* Errors of the remote or of the way to it: the packet is lost, the socket is well. */
static gboolean
is_loss(int error)
{
  switch (error) {
  case ECONNREFUSED:
  case EHOSTUNREACH:
  case ENETUNREACH:
  case EHOSTDOWN:
  case ENETDOWN:
  case EPERM:
  case EACCES:
  case EMSGSIZE:
  case EADDRNOTAVAIL:
  case EAFNOSUPPORT:
  case EINVAL: /* port 0, a link-local address without its link */
  case ENOBUFS:
  case EPROTO:
  case ENODEV:
    return TRUE;
  default:
    return FALSE;
  }
}

static gboolean
is_full(int error)
{
  return error == EAGAIN || error == EWOULDBLOCK;
}

static void
init_message(struct msghdr *message, struct iovec *vector, const FwdEndpoint *to,
             const guint8 *data, gsize length)
{
  *vector = (struct iovec){.iov_base = (void *)data, .iov_len = length};
  *message = (struct msghdr){.msg_name = (void *)to,
                             .msg_namelen = to != NULL ? fwd_endpoint_length(to) : 0,
                             .msg_iov = vector,
                             .msg_iovlen = 1};
}

typedef union {
  struct cmsghdr header;
  guint8 bytes[CMSG_SPACE(sizeof(int))];
} Control;

static void
add_control(struct msghdr *message, Control *control, int level, int type, const void *value,
            gsize size)
{
  memset(control, 0, sizeof *control);
  message->msg_control = control;
  message->msg_controllen = CMSG_SPACE(size);
  control->header.cmsg_level = level;
  control->header.cmsg_type = type;
  control->header.cmsg_len = CMSG_LEN(size);
  memcpy(CMSG_DATA(&control->header), value, size);
}

static gssize
send_message(int fd, const struct msghdr *message)
{
  gboolean refused = FALSE;

  for (;;) {
    const gssize sent = sendmsg(fd, message, MSG_NOSIGNAL | MSG_DONTWAIT);

    /* An ICMP error of an earlier packet is reported by the next call: once, and for it. */
    if (sent >= 0 || (errno != EINTR && (errno != ECONNREFUSED || refused)))
      return sent;
    refused = refused || errno == ECONNREFUSED;
  }
}

/* Sends up to FWD_DATAGRAM_BATCH_MAX packets, each on its own. Returns how many are gone. */
static gssize
send_separately(int fd, const FwdEndpoint *to, const guint8 *data, gsize length, gsize segment)
{
  struct mmsghdr messages[FWD_DATAGRAM_BATCH_MAX];
  struct iovec vectors[FWD_DATAGRAM_BATCH_MAX];
  guint count = 0, done = 0;

  for (gsize offset = 0; offset < length; offset += segment, count++)
    init_message(&messages[count].msg_hdr, &vectors[count], to, data + offset,
                 MIN(segment, length - offset));
  while (done < count) {
    int sent = sendmmsg(fd, messages + done, count - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0)
      done += (guint)sent;
    else if (is_loss(errno))
      done++;
    else if (is_full(errno))
      break;
    else if (errno != EINTR)
      return done > 0 ? (gssize)MIN(done * segment, length) : -errno;
  }
  return (gssize)MIN(done * segment, length);
}

/* One system call for all packets; falls back when the route can't do it. */
static gssize
send_segmented(int fd, const FwdEndpoint *to, const guint8 *data, gsize length, gsize segment)
{
  guint16 size = (guint16)segment;
  struct msghdr message;
  struct iovec vector;
  Control control;

  if (g_atomic_int_get(&offload_pause) > 0) {
    g_atomic_int_add(&offload_pause, -1);
    return send_separately(fd, to, data, length, segment);
  }
  init_message(&message, &vector, to, data, length);
  add_control(&message, &control, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
  if (send_message(fd, &message) >= 0)
    return (gssize)length;
  if (is_full(errno))
    return 0;
  /* EIO: no checksum offload on the device. EINVAL: packets too large for its MTU, too. */
  if (errno == EIO)
    g_atomic_int_set(&offload_pause, OFFLOAD_PAUSE);
  if (errno == EIO || errno == EINVAL)
    return send_separately(fd, to, data, length, segment);
  return is_loss(errno) ? (gssize)length : -errno;
}

static gssize
send_single(int fd, const FwdEndpoint *to, const guint8 *data, gsize length)
{
  int result = fwd_datagram_socket_send_one(fd, to, 0, data, length);

  if (result == 0 || is_loss(-result))
    return (gssize)length;
  return is_full(-result) ? 0 : result;
}

gssize
fwd_datagram_socket_send(int fd, const FwdEndpoint *to, const guint8 *data, gsize length,
                         gsize segment)
{
  gsize limit, taken = 0;

  g_return_val_if_fail(segment > 0 && segment <= PAYLOAD_MAX, -EINVAL);
  limit = MIN(FWD_DATAGRAM_BATCH_MAX, PAYLOAD_MAX / segment) * segment;
  while (taken < length) {
    gsize part = MIN(limit, length - taken);
    gssize sent = part > segment ? send_segmented(fd, to, data + taken, part, segment)
                                 : send_single(fd, to, data + taken, part);
    if (sent < 0)
      return taken > 0 ? (gssize)taken : sent;
    taken += (gsize)sent;
    if ((gsize)sent < part)
      break;
  }
  return (gssize)taken;
}

int
fwd_datagram_socket_send_one(int fd, const FwdEndpoint *to, guint ttl, const guint8 *data,
                             gsize length)
{
  gboolean is_ipv4 = ttl != 0 && fwd_endpoint_family(to) == AF_INET;
  struct msghdr message;
  struct iovec vector;
  Control control;
  int hops = (int)ttl;

  init_message(&message, &vector, to, data, length);
  if (ttl != 0)
    add_control(&message, &control, is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
                is_ipv4 ? IP_TTL : IPV6_HOPLIMIT, &hops, sizeof hops);
  return send_message(fd, &message) >= 0 ? 0 : -errno;
}

/* Receiving. */

static gsize
read_segment(struct msghdr *message, gsize length)
{
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
       header = CMSG_NXTHDR(message, header))
    if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_GRO) {
      int size;
      memcpy(&size, CMSG_DATA(header), sizeof size);
      return size > 0 ? MIN((gsize)size, length) : length;
    }
  return length;
}

gssize
fwd_datagram_socket_receive(int fd, guint8 *buffer, gsize size, FwdEndpoint *from,
                            gsize *segment)
{
  /* Empty datagrams and errors of earlier sends are skipped, but not for ever. */
  for (guint i = 0; i < FWD_DATAGRAM_BATCH_MAX; i++) {
    struct iovec vector = {.iov_base = buffer, .iov_len = size};
    Control control;
    struct msghdr message = {.msg_name = &from->any,
                             .msg_namelen = sizeof *from,
                             .msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    gssize length = recvmsg(fd, &message, MSG_DONTWAIT);

    if (length > 0 && (message.msg_flags & MSG_TRUNC) == 0) {
      *segment = read_segment(&message, (gsize)length);
      return length;
    }
    if (length < 0 && is_full(errno))
      return 0;
    if (length < 0 && errno != EINTR && !is_loss(errno))
      return -errno;
  }
  return 0;
}

gboolean
fwd_datagram_socket_find_source(const FwdEndpoint *remote, FwdEndpoint *local)
{
  socklen_t length = sizeof *local;
  int fd = socket(fwd_endpoint_family(remote), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean found;

  if (fd < 0)
    return FALSE;
  /* Connecting a datagram socket looks up the route and no more. */
  found = connect(fd, &remote->any, fwd_endpoint_length(remote)) == 0 &&
          getsockname(fd, &local->any, &length) == 0;
  close(fd);
  if (found)
    fwd_endpoint_set_port(local, 0);
  return found;
}
