/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small exchanges: ping-pong, connections one after another, the first byte of a new forward.
 */
#define _GNU_SOURCE
#include "pb.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define WARM_ECHOES   5
#define MOST_SAMPLES  4000000
#define MOST_THREADS  256
#define MOST_ATTEMPTS 256
#define ATTEMPT_NS    (10 * MS)

static bool
exchange(int fd)
{
  char byte = MODE_ECHO;

  return send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && recv(fd, &byte, 1, 0) == 1;
}

static int
compare(const void *a, const void *b)
{
  const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

  return (left > right) - (left < right);
}

static void
print_samples(uint32_t *samples, size_t count)
{
  qsort(samples, count, sizeof *samples, compare);
  printf("{\"count\": %zu, \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f}\n", count,
         samples[count / 2] / 1e3, samples[count * 99 / 100] / 1e3, samples[count - 1] / 1e3);
}

int
run_echo(char **arguments)
{
  const struct sockaddr_in address = address_of(arguments[0], arguments[1]);
  const int fd = dial(&address, 5);
  uint32_t *samples = malloc(MOST_SAMPLES * sizeof *samples);
  size_t count = 0;
  uint64_t before, time, end;

  for (int i = 0; i < WARM_ECHOES; i++)
    if (!exchange(fd))
      die("echo");
  end = (before = now()) + seconds_ns(arguments[2]);
  while (before < end && count < MOST_SAMPLES) {
    if (!exchange(fd))
      die("echo");
    time = now();
    samples[count++] = (uint32_t)(time - before);
    before = time;
  }
  print_samples(samples, count);
  free(samples);
  return 0;
}

static struct {
  struct sockaddr_in address;
  uint64_t end, done, failed;
} rate;

static void *
connect_on(void *data)
{
  while (now() < rate.end) {
    const int fd = dial(&rate.address, 2);
    const bool good = fd >= 0 && exchange(fd);

    if (!good || now() <= rate.end)
      __atomic_fetch_add(good ? &rate.done : &rate.failed, 1, __ATOMIC_RELAXED);
    if (fd >= 0)
      close(fd);
  }
  return data;
}

int
run_connections(char **arguments)
{
  const int count = atoi(arguments[3]);
  pthread_t threads[MOST_THREADS];

  rate.address = address_of(arguments[0], arguments[1]);
  rate.end = now() + seconds_ns(arguments[2]);
  for (int i = 0; i < count && i < MOST_THREADS; i++)
    pthread_create(&threads[i], NULL, connect_on, NULL);
  for (int i = 0; i < count && i < MOST_THREADS; i++)
    pthread_join(threads[i], NULL);
  printf("{\"rate\": %.1f, \"done\": %llu, \"failed\": %llu}\n",
         (double)rate.done / atof(arguments[2]), (unsigned long long)rate.done,
         (unsigned long long)rate.failed);
  return 0;
}

/* Attempts under way; one waits for its connection with POLLOUT, then for its echo with POLLIN.
 */
static struct pollfd attempts[MOST_ATTEMPTS];
static int attempt_count;

static void
add_attempt(const struct sockaddr_in *address)
{
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

  if (attempt_count == MOST_ATTEMPTS ||
      (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
       errno != EINPROGRESS))
    close(fd);
  else
    attempts[attempt_count++] = (struct pollfd){fd, POLLOUT, 0};
}

/* Whether it has its echo; one that failed makes room. */
static bool
advance(int i)
{
  const char mode = MODE_ECHO;
  char byte;

  if (attempts[i].events == POLLIN && recv(attempts[i].fd, &byte, 1, 0) == 1)
    return true;
  if (attempts[i].events == POLLOUT && send(attempts[i].fd, &mode, 1, MSG_NOSIGNAL) == 1) {
    attempts[i].events = POLLIN;
  } else {
    close(attempts[i].fd);
    attempts[i] = attempts[--attempt_count];
  }
  return false;
}

/* A new attempt every 10 ms, older ones stay; the first echo wins. */
int
run_first(char **arguments)
{
  const struct sockaddr_in address = address_of(arguments[0], arguments[1]);
  const uint64_t since = strtoull(arguments[3], NULL, 10),
                 end = now() + seconds_ns(arguments[2]);
  uint64_t next = 0;

  while (now() < end) {
    if (now() >= next) {
      add_attempt(&address);
      next = now() + ATTEMPT_NS;
    }
    poll(attempts, (nfds_t)attempt_count, 2);
    for (int i = attempt_count - 1; i >= 0; i--) {
      if (attempts[i].revents && advance(i)) {
        printf("{\"ms\": %.2f}\n", (double)(now() - since) / MS);
        return 0;
      }
    }
  }
  fprintf(stderr, "no byte came back in %s s\n", arguments[2]);
  return 1;
}
