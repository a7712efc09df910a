/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/crowd.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LIMIT_SECONDS 240
#define PIECE         32768
/* A prime: no two members' bytes are in step. */
#define PERIOD  65521
#define STEP    977
#define WAIT_MS 100
/* Then it is the next one's turn to be read. */
#define PIECES_MAX 64

static const guint8 *
pattern(void)
{
  static guint8 bytes[PERIOD + PIECE];
  guint32 seed = 4711;

  if (bytes[PERIOD] != 0)
    return bytes;
  for (gsize i = 0; i < PERIOD; i++) {
    seed = seed * 1664525u + 1013904223u;
    bytes[i] = (seed >> 24) | 1;
  }
  memcpy(bytes + PERIOD, bytes, PIECE);
  return bytes;
}

static const guint8 *
bytes_at(const FwdCrowdMember *member, gsize offset)
{
  return pattern() + (offset + (gsize)member->number * STEP) % PERIOD;
}

static void
allow_many_files(void)
{
  struct rlimit limit;

  g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = limit.rlim_max;
  g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
}

FwdCrowd *
fwd_crowd_new(FwdTunnelPair *pair, guint sender, guint count)
{
  FwdCrowd *crowd = g_new0(FwdCrowd, 1);

  allow_many_files();
  crowd->members = g_new0(FwdCrowdMember, count);
  crowd->count = count;
  for (guint i = 0; i < count; i++) {
    int near_fd, far_fd;

    fwd_tunnel_pair_connection(pair, FWD_PAIR_CLIENT, &near_fd, &far_fd);
    crowd->members[i] = (FwdCrowdMember){
        .from = sender == FWD_PAIR_CLIENT ? near_fd : far_fd,
        .to = sender == FWD_PAIR_CLIENT ? far_fd : near_fd,
        .number = i,
    };
  }
  return crowd;
}

FwdCrowd *
fwd_crowd_new_back(const FwdCrowd *crowd)
{
  FwdCrowd *back = g_new0(FwdCrowd, 1);

  back->members = g_new0(FwdCrowdMember, crowd->count);
  back->count = crowd->count;
  back->borrowed = TRUE;
  for (guint i = 0; i < crowd->count; i++)
    back->members[i] = (FwdCrowdMember){
        .from = crowd->members[i].to,
        .to = crowd->members[i].from,
        .number = crowd->count + i,
    };
  return back;
}

void
fwd_crowd_free(FwdCrowd *crowd)
{
  for (guint i = 0; i < crowd->count && !crowd->borrowed; i++) {
    close(crowd->members[i].from);
    close(crowd->members[i].to);
  }
  g_free(crowd->members);
  g_free(crowd);
}

void
fwd_crowd_allow(FwdCrowd *crowd, gsize more)
{
  for (guint i = 0; i < crowd->count; i++)
    crowd->members[i].limit = crowd->members[i].sent + more;
}

static gsize
write_piece(FwdCrowdMember *member)
{
  const gsize wanted = MIN(PIECE, member->limit - member->sent);
  gssize length;

  if (wanted == 0)
    return 0;
  length =
      send(member->from, bytes_at(member, member->sent), wanted, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (length < 0) {
    g_assert_cmpint(errno, ==, EAGAIN);
    return 0;
  }
  member->sent += length;
  return length;
}

static gsize
read_piece(FwdCrowdMember *member)
{
  guint8 got[PIECE];
  const gssize length = recv(member->to, got, sizeof got, MSG_DONTWAIT);

  if (length < 0) {
    g_assert_cmpint(errno, ==, EAGAIN);
    return 0;
  }
  g_assert_cmpint(length, >, 0);
  g_assert_true(memcmp(got, bytes_at(member, member->received), length) == 0);
  member->received += length;
  return length;
}

gsize
fwd_crowd_write(FwdCrowd *crowd)
{
  gsize total = 0;

  for (guint i = 0; i < crowd->count; i++)
    total += write_piece(&crowd->members[i]);
  return total;
}

gsize
fwd_crowd_read(FwdCrowd *crowd)
{
  gsize total = 0;

  for (guint i = 0; i < crowd->count; i++)
    for (gsize got = 1, pieces = 0; got > 0 && pieces < PIECES_MAX; pieces++, total += got)
      got = read_piece(&crowd->members[i]);
  return total;
}

gboolean
fwd_crowd_is_complete(const FwdCrowd *crowd)
{
  for (guint i = 0; i < crowd->count; i++)
    if (crowd->members[i].received < crowd->members[i].limit)
      return FALSE;
  return TRUE;
}

/** Until one can write that may or, if @reading, one can read; FALSE when that took too long.
 */
static gboolean
wait_for_some(const FwdCrowd *crowd, gboolean reading)
{
  g_autofree struct pollfd *fds = g_new0(struct pollfd, 2 * crowd->count);

  for (guint i = 0; i < crowd->count; i++) {
    const FwdCrowdMember *member = &crowd->members[i];

    fds[2 * i] = (struct pollfd){.fd = member->sent < member->limit ? member->from : -1,
                                 .events = POLLOUT};
    fds[2 * i + 1] = (struct pollfd){.fd = reading ? member->to : -1, .events = POLLIN};
  }
  return poll(fds, 2 * crowd->count, WAIT_MS) > 0;
}

void
fwd_crowd_fill(FwdCrowd *crowd)
{
  while (fwd_crowd_write(crowd) > 0 || wait_for_some(crowd, FALSE))
    continue;
}

void
fwd_crowd_finish(FwdCrowd *crowd)
{
  const gint64 limit = g_get_monotonic_time() + LIMIT_SECONDS * G_USEC_PER_SEC;

  while (!fwd_crowd_is_complete(crowd)) {
    g_assert_cmpint(g_get_monotonic_time(), <, limit);
    if (fwd_crowd_write(crowd) + fwd_crowd_read(crowd) == 0)
      wait_for_some(crowd, TRUE);
  }
}

gsize
fwd_crowd_sent(const FwdCrowd *crowd)
{
  gsize total = 0;

  for (guint i = 0; i < crowd->count; i++)
    total += crowd->members[i].sent;
  return total;
}

gsize
fwd_crowd_received(const FwdCrowd *crowd)
{
  gsize total = 0;

  for (guint i = 0; i < crowd->count; i++)
    total += crowd->members[i].received;
  return total;
}
