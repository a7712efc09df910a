/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams as fast as they go: `bulk` sends to a sink, `down` reads from a flood. */
#define _GNU_SOURCE
#include "pb.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DIAL_SECONDS 10
#define MOST_STREAMS 256
#define MOST_STEPS   2000
#define LATE_NS      (REPORT_NS + 100 * MS) /* how long the last reports have to arrive */

struct stream {
  size_t offset;            /* of the pattern, where sending goes on */
  size_t have;              /* bytes of `part` */
  struct report part;       /* a report that is coming in */
  struct report from, till; /* the first and the last one of the time that counts */
  uint64_t bytes;           /* received, for `down` */
};

/* One transfer. All times are of the monotonic clock. */
static struct {
  struct sockaddr_in address;
  uint64_t start, warm, end;
  int count, dead;
  bool check;
  struct stream streams[MOST_STREAMS];
  struct pollfd fds[MOST_STREAMS];
  struct report steps[MOST_STEPS]; /* bytes of all streams in the course of time */
  size_t step_count;
} transfer;

static void
open_streams(char **arguments, short events, char mode)
{
  transfer.address = address_of(arguments[0], arguments[1]);
  transfer.count = atoi(arguments[4]);
  transfer.check = atoi(arguments[5]) != 0;
  if (transfer.count < 1 || transfer.count > MOST_STREAMS) {
    errno = EINVAL;
    die(arguments[4]);
  }
  transfer.start = now();
  for (int i = 0; i < transfer.count; i++) {
    const int fd = dial(&transfer.address, DIAL_SECONDS);

    if (fd < 0 || send(fd, &mode, 1, MSG_NOSIGNAL) != 1)
      die("connect");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    transfer.fds[i] = (struct pollfd){fd, events, 0};
  }
  transfer.warm = now() + seconds_ns(arguments[3]);
  transfer.end = transfer.warm + seconds_ns(arguments[2]);
}

static void
bury(int i)
{
  transfer.dead++;
  transfer.fds[i].fd = -1;
  transfer.fds[i].revents = 0;
}

static bool
is_over(ssize_t length)
{
  return length == 0 || (length < 0 && errno != EAGAIN);
}

static void
add_step(struct report step)
{
  if (transfer.step_count < MOST_STEPS)
    transfer.steps[transfer.step_count++] = step;
}

static void
print_result(double gbps, uint64_t total)
{
  printf("{\"gbps\": %.6f, \"total_bytes\": %llu, \"dead\": %d, \"steps\": [", gbps,
         (unsigned long long)total, transfer.dead);
  for (size_t i = 0; i < transfer.step_count; i++)
    printf("%s[%.1f, %llu]", i > 0 ? ", " : "",
           (double)(transfer.steps[i].ns - transfer.start) / MS,
           (unsigned long long)transfer.steps[i].bytes);
  printf("]}\n");
}

static void
take_report(struct stream *stream)
{
  if (stream->part.ns <= transfer.warm || stream->from.ns == 0)
    stream->from = stream->part;
  if (stream->part.ns <= transfer.end)
    stream->till = stream->part;
  if (transfer.count == 1)
    add_step(stream->part);
}

static void
read_reports(int i)
{
  struct stream *stream = &transfer.streams[i];
  const ssize_t length = recv(transfer.fds[i].fd, (char *)&stream->part + stream->have,
                              sizeof stream->part - stream->have, 0);

  if (is_over(length)) {
    bury(i);
  } else if (length > 0) {
    stream->have += (size_t)length;
    if (stream->have == sizeof stream->part) {
      stream->have = 0;
      take_report(stream);
    }
  }
}

static void
send_more(int i)
{
  struct stream *stream = &transfer.streams[i];
  const ssize_t sent =
      send(transfer.fds[i].fd, pattern() + stream->offset, PATTERN_CHUNK, MSG_NOSIGNAL);

  if (sent > 0)
    stream->offset = (stream->offset + (size_t)sent) % PATTERN_BYTES;
}

static void
push(void)
{
  const bool ended = now() >= transfer.end;

  poll(transfer.fds, (nfds_t)transfer.count, 50);
  for (int i = 0; i < transfer.count; i++) {
    if (transfer.fds[i].revents & (POLLIN | POLLHUP | POLLERR))
      read_reports(i);
    if (!ended && transfer.fds[i].revents & POLLOUT)
      send_more(i);
    if (ended)
      transfer.fds[i].events = POLLIN;
  }
}

/* A stream whose reports stopped early is charged the whole time. */
static double
sink_gbps(const struct stream *stream)
{
  const uint64_t till =
      stream->till.ns + 8 * REPORT_NS < transfer.end ? transfer.end : stream->till.ns;

  if (till <= stream->from.ns)
    return 0;
  return 8.0 * (double)(stream->till.bytes - stream->from.bytes) /
         (double)(till - stream->from.ns);
}

int
run_bulk(char **arguments)
{
  double gbps = 0;
  uint64_t total = 0;

  open_streams(arguments, POLLIN | POLLOUT, atoi(arguments[5]) ? MODE_CHECK : MODE_SINK);
  while (now() < transfer.end + LATE_NS && transfer.dead < transfer.count)
    push();
  for (int i = 0; i < transfer.count; i++) {
    gbps += sink_gbps(&transfer.streams[i]);
    total += transfer.streams[i].till.bytes;
  }
  print_result(gbps, total);
  return 0;
}

/* Returns how many bytes came. */
static uint64_t
pull(int i)
{
  static char buffer[256 * 1024];
  struct stream *stream = &transfer.streams[i];
  const ssize_t length = recv(transfer.fds[i].fd, buffer, sizeof buffer, 0);

  if (is_over(length) || (length > 0 && transfer.check &&
                          !pattern_matches(buffer, (size_t)length, stream->bytes))) {
    bury(i);
    return 0;
  }
  if (length < 0)
    return 0;
  stream->bytes += (uint64_t)length;
  return (uint64_t)length;
}

int
run_down(char **arguments)
{
  uint64_t total = 0, before = 0, time, from;

  open_streams(arguments, POLLIN, MODE_FLOOD);
  from = transfer.start;
  while ((time = now()) < transfer.end && transfer.dead < transfer.count) {
    if (time < transfer.warm) {
      from = time;
      before = total;
    }
    if (transfer.step_count == 0 ||
        time >= transfer.steps[transfer.step_count - 1].ns + REPORT_NS)
      add_step((struct report){time, total});
    poll(transfer.fds, (nfds_t)transfer.count, 50);
    for (int i = 0; i < transfer.count; i++)
      if (transfer.fds[i].revents)
        total += pull(i);
  }
  print_result(8.0 * (double)(total - before) / (double)(time - from), total);
  return 0;
}
