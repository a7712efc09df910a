/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast one process carries TCP through a tunnel to itself over loopback. */
#include "fakes/tunnel-pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GIB     ((gsize)1 << 30)
#define ECHOES  2000
#define STREAMS 8

typedef struct {
  int fd;
  gsize length;
} Job;

static gpointer
send_job(gpointer data)
{
  static const char block[262144];
  const Job *job = data;

  for (gsize done = 0; done < job->length;) {
    const gssize part = send(job->fd, block, MIN(sizeof block, job->length - done), 0);

    g_assert_cmpint(part, >, 0);
    done += part;
  }
  return NULL;
}

static gpointer
receive_job(gpointer data)
{
  const Job *job = data;
  g_autofree char *block = g_malloc(262144);

  for (gsize done = 0; done < job->length;) {
    const gssize part = recv(job->fd, block, MIN((gsize)262144, job->length - done), 0);

    g_assert_cmpint(part, >, 0);
    done += part;
  }
  return NULL;
}

/** @count connections, with @length bytes in all from near to far, and back if @both. */
static void
measure(FwdTunnelPair *pair, const char *name, guint count, gsize length, gboolean there,
        gboolean back)
{
  Job near_jobs[STREAMS], far_jobs[STREAMS];
  GThread *threads[4 * STREAMS];
  guint started = 0;
  gint64 begin;

  for (guint i = 0; i < count; i++) {
    fwd_tunnel_pair_connection(pair, 0, &near_jobs[i].fd, &far_jobs[i].fd);
    near_jobs[i].length = far_jobs[i].length = length / count;
  }
  begin = g_get_monotonic_time();
  for (guint i = 0; i < count; i++) {
    if (there) {
      threads[started++] = g_thread_new("send", send_job, &near_jobs[i]);
      threads[started++] = g_thread_new("receive", receive_job, &far_jobs[i]);
    }
    if (back) {
      threads[started++] = g_thread_new("send", send_job, &far_jobs[i]);
      threads[started++] = g_thread_new("receive", receive_job, &near_jobs[i]);
    }
  }
  for (guint i = 0; i < started; i++)
    g_thread_join(threads[i]);
  printf("%-16s %6.2f Gbit/s\n", name,
         (there + back) * (double)length * 8 / 1e3 / (g_get_monotonic_time() - begin));
  for (guint i = 0; i < count; i++) {
    close(near_jobs[i].fd);
    close(far_jobs[i].fd);
  }
}

static int
compare(gconstpointer a, gconstpointer b)
{
  return *(const gint64 *)a < *(const gint64 *)b ? -1 : 1;
}

static void
measure_echo(FwdTunnelPair *pair)
{
  static gint64 times[ECHOES];
  int near_fd, far_fd;
  char byte = 0;

  fwd_tunnel_pair_connection(pair, 0, &near_fd, &far_fd);
  for (guint i = 0; i < ECHOES; i++) {
    const gint64 begin = g_get_monotonic_time();

    g_assert_cmpint(send(near_fd, &byte, 1, 0), ==, 1);
    g_assert_cmpint(recv(far_fd, &byte, 1, 0), ==, 1);
    g_assert_cmpint(send(far_fd, &byte, 1, 0), ==, 1);
    g_assert_cmpint(recv(near_fd, &byte, 1, 0), ==, 1);
    times[i] = g_get_monotonic_time() - begin;
  }
  qsort(times, ECHOES, sizeof times[0], compare);
  printf("%-16s p50 %d us, p99 %d us\n", "echo", (int)times[ECHOES / 2],
         (int)times[ECHOES * 99 / 100]);
  close(near_fd);
  close(far_fd);
}

int
main(int argc, char **argv)
{
  const gsize length = argc > 1 ? strtoull(argv[1], NULL, 10) << 20 : GIB;
  const gboolean wan = argc > 2 && strcmp(argv[2], "wan") == 0;
  FwdTunnelPair *pair = fwd_tunnel_pair_new(NULL);

  if (wan)
    fwd_tunnel_pair_add_path(pair, AF_INET, FWD_PATH_CLASS_RELAY, 0);
  else
    fwd_tunnel_pair_connect(pair);
  measure_echo(pair);
  measure(pair, "one stream", 1, length, TRUE, FALSE);
  measure(pair, "one back", 1, length, FALSE, TRUE);
  measure(pair, "eight streams", STREAMS, length, TRUE, FALSE);
  measure(pair, "both directions", 1, length, TRUE, TRUE);
  fwd_tunnel_pair_free(pair);
  return 0;
}
