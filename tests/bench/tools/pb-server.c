/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service: echoes in one thread, a thread for each connection of another mode. */
#define _GNU_SOURCE
#include "pb.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER    (256 * 1024)
#define MOST_FDS  65536
#define EVENTS    64
#define AS_FD(fd) ((int)(intptr_t)(fd))

static unsigned char modes[MOST_FDS]; /* by fd; 0 until its first byte has come */

static bool
send_report(int fd, struct report *report, uint64_t time)
{
  report->ns = time;
  return send(fd, report, sizeof *report, MSG_NOSIGNAL) == sizeof *report;
}

/* Counts what has come; false when the connection is over, or the bytes are wrong. */
static bool
take(int fd, char *buffer, bool check, struct report *report)
{
  struct pollfd poll_fd = {fd, POLLIN, 0};
  const int ready = poll(&poll_fd, 1, REPORT_NS / MS);
  const ssize_t length = ready > 0 ? recv(fd, buffer, BUFFER, 0) : 0;

  if (ready == 0 || (ready < 0 && errno == EINTR))
    return true;
  if (length <= 0 || (check && !pattern_matches(buffer, (size_t)length, report->bytes)))
    return false;
  report->bytes += (uint64_t)length;
  return true;
}

static void *
sink(void *data)
{
  const int fd = AS_FD(data);
  char *buffer = malloc(BUFFER);
  struct report report = {now(), 0};
  bool going = send_report(fd, &report, report.ns);

  while (going && take(fd, buffer, modes[fd] == MODE_CHECK, &report)) {
    const uint64_t time = now();

    if (time - report.ns >= REPORT_NS)
      going = send_report(fd, &report, time);
  }
  free(buffer);
  close(fd);
  return NULL;
}

static void *
flood(void *data)
{
  const int fd = AS_FD(data);
  size_t offset = 0;
  ssize_t sent;

  while ((sent = send(fd, pattern() + offset, PATTERN_CHUNK, MSG_NOSIGNAL)) > 0)
    offset = (offset + (size_t)sent) % PATTERN_BYTES;
  close(fd);
  return NULL;
}

static void
start_thread(int epoll_fd, int fd)
{
  pthread_t thread;

  epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  pthread_create(&thread, NULL, modes[fd] == MODE_FLOOD ? flood : sink, (void *)(intptr_t)fd);
  pthread_detach(thread);
}

static void
accept_one(int epoll_fd, int listener)
{
  const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

  if (fd < 0)
    return;
  if (fd >= MOST_FDS) {
    close(fd);
    return;
  }
  set_nodelay(fd);
  modes[fd] = 0;
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void
serve(int epoll_fd, int fd)
{
  static char buffer[BUFFER];
  const ssize_t length = recv(fd, buffer, modes[fd] ? sizeof buffer : 1, 0);

  if (length < 0 && errno == EAGAIN)
    return;
  if (length <= 0) {
    close(fd);
    return;
  }
  if (modes[fd] == 0)
    modes[fd] = (unsigned char)buffer[0];
  if (modes[fd] != MODE_ECHO)
    start_thread(epoll_fd, fd);
  else if (send(fd, buffer, (size_t)length, MSG_NOSIGNAL) != length)
    close(fd);
}

static int
listen_on(const char *port)
{
  const struct sockaddr_in address = address_of("0.0.0.0", port);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0)
    die("bind");
  return fd;
}

int
run_server(char **arguments)
{
  const int listener = listen_on(arguments[0]), epoll_fd = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS];

  pattern(); /* made before there are threads */
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    const int count = epoll_wait(epoll_fd, events, EVENTS, -1);

    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == listener)
        accept_one(epoll_fd, listener);
      else
        serve(epoll_fd, events[i].data.fd);
    }
  }
}
