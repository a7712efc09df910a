/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Datagrams at a steady rate, and who counts them. */
#define _GNU_SOURCE
#include "pb.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define BATCH        32
#define LARGEST      2048
#define BUFFER_BYTES (8 << 20)
#define TICK_NS      (MS / 5) /* short, and so are the bursts */
#define WARM_COUNT   5
#define WARM_NS      (30 * MS)

enum { KIND_WARM = 'W', KIND_DATA = 'D' }; /* first byte of a datagram */

static volatile sig_atomic_t stopped;

static void
stop(int number)
{
  stopped = number;
}

static int
open_receiver(const char *port)
{
  const struct sockaddr_in address = address_of("0.0.0.0", port);
  const struct timeval limit = {0, 50000};
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);

  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){BUFFER_BYTES}, sizeof(int));
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
    die("bind");
  return fd;
}

/* The longest wait is between two datagrams, from the first to the last one. */
int
run_udp_receive(char **arguments)
{
  static char buffers[BATCH][LARGEST];
  struct iovec vectors[BATCH];
  struct mmsghdr messages[BATCH] = {0};
  const int fd = open_receiver(arguments[0]);
  const uint64_t end = now() + seconds_ns(arguments[1]);
  uint64_t count = 0, last = 0, longest = 0;

  sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, NULL);
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){buffers[i], LARGEST};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
  while (!stopped && now() < end) {
    const int got = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    const uint64_t time = now(), before = count;

    for (int i = 0; i < got; i++)
      count += buffers[i][0] == KIND_DATA;
    if (count == before)
      continue;
    longest = last && time - last > longest ? time - last : longest;
    last = time;
  }
  printf("{\"received\": %llu, \"longest_wait_ms\": %.1f}\n", (unsigned long long)count,
         (double)longest / MS);
  return 0;
}

static int
open_sender(char **arguments)
{
  const struct sockaddr_in address = address_of(arguments[0], arguments[1]);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);

  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &(int){BUFFER_BYTES}, sizeof(int));
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
    die("connect");
  return fd;
}

/* So that the forward has its flow before anything counts. */
static void
warm_up(int fd, const char *datagram, size_t size)
{
  for (int i = 0; i < WARM_COUNT; i++) {
    (void)!send(fd, datagram, size, 0);
    sleep_until(now() + WARM_NS);
  }
}

/* Returns how many went out; fewer than @count when the socket takes no more. */
static uint64_t
send_datagrams(int fd, struct mmsghdr *messages, uint64_t count, uint64_t end)
{
  uint64_t sent = 0;

  while (sent < count && now() < end) {
    const uint64_t left = count - sent;
    const int done = sendmmsg(fd, messages, left < BATCH ? (unsigned)left : BATCH, 0);

    if (done > 0)
      sent += (uint64_t)done;
    else if (errno != ECONNREFUSED)
      break;
  }
  return sent;
}

int
run_udp_send(char **arguments)
{
  static char datagram[LARGEST];
  const size_t size = strtoul(arguments[4], NULL, 10);
  struct iovec vector = {datagram, size < LARGEST ? size : LARGEST};
  struct mmsghdr messages[BATCH] = {0};
  const int fd = open_sender(arguments);
  const double rate = atof(arguments[2]);
  uint64_t sent = 0, start, end;

  memcpy(datagram, pattern(), LARGEST);
  datagram[0] = KIND_WARM;
  warm_up(fd, datagram, vector.iov_len);
  datagram[0] = KIND_DATA;
  for (int i = 0; i < BATCH; i++)
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vector, .msg_iovlen = 1};
  end = (start = now()) + seconds_ns(arguments[3]);
  for (uint64_t time = start; time < end; time = now()) {
    const uint64_t due = (uint64_t)((double)(time - start) / SECOND * rate);

    sent += send_datagrams(fd, messages, due - sent, end);
    sleep_until(time + TICK_NS);
  }
  printf("{\"sent\": %llu, \"seconds\": %.4f}\n", (unsigned long long)sent,
         (double)(now() - start) / SECOND);
  return 0;
}
