/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rate-limit.h"

#define BUCKETS 16384u

typedef struct {
  gint64 full_at; /* when the bucket is full again if nothing is taken */
} Bucket;

struct FwdRateLimit {
  gint64 interval; /* microseconds that a token takes to come */
  gint64 depth;    /* microseconds that the whole burst takes */
  guint64 seed;
  Bucket buckets[BUCKETS];
};

FwdRateLimit *
fwd_rate_limit_new(guint rate, guint burst)
{
  FwdRateLimit *limits = g_new0(FwdRateLimit, 1);

  limits->interval = MAX(G_USEC_PER_SEC / MAX(rate, 1), 1);
  limits->depth = limits->interval * MAX(burst, 1);
  limits->seed = (guint64)g_random_int() << 32 | g_random_int();
  for (guint i = 0; i < BUCKETS; i++)
    limits->buckets[i].full_at = G_MININT64;
  return limits;
}

void
fwd_rate_limit_free(FwdRateLimit *limits)
{
  g_free(limits);
}

/* The finaliser of MurmurHash3: every bit of the input reaches every bit of the output. */
static guint64
mix(guint64 value)
{
  value ^= value >> 33;
  value *= G_GUINT64_CONSTANT(0xff51afd7ed558ccd);
  value ^= value >> 33;
  value *= G_GUINT64_CONSTANT(0xc4ceb9fe1a85ec53);
  return value ^ value >> 33;
}

guint64
fwd_rate_limit_network(const FwdEndpoint *client)
{
  guint64 network = 0;

  if (fwd_endpoint_family(client) == AF_INET6)
    memcpy(&network, &client->in6.sin6_addr, sizeof network);
  else
    memcpy(&network, &client->in4.sin_addr, sizeof client->in4.sin_addr);
  return network;
}

gboolean
fwd_rate_limit_take(FwdRateLimit *limits, const FwdEndpoint *client, gint64 now)
{
  guint64 hash = mix(mix(fwd_rate_limit_network(client) ^ limits->seed) + limits->seed);
  Bucket *bucket = &limits->buckets[hash % BUCKETS];
  gint64 full_at = MAX(bucket->full_at, now) + limits->interval;

  if (full_at - now > limits->depth)
    return FALSE;
  bucket->full_at = full_at;
  return TRUE;
}
