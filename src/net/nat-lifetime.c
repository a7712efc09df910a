/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nat-lifetime.h"

#include "stun-client.h"
#include <string.h>

#define PROBES  FWD_NAT_LIFETIME_PROBES
#define SPEAKER PROBES
#define CONTROL (PROBES + 1)
#define SOCKETS FWD_NAT_LIFETIME_SOCKETS
#define RTO_MS  500
#define TRIES   4
#define TESTS   4
#define TEST_US (500 * 1000)
/* Long enough for the speaker to have its answer as well. */
#define CONTROL_WAIT 2
#define REQUEST_MAX  (FWD_STUN_HEADER_SIZE + 8)
#define NARROW_WAITS 4
/* What is known to that part of itself, or to that many seconds, is known well enough. */
#define FINE_PART    8
#define FINE_SECONDS 2

/* Each about a third longer than the one before. */
static const guint first_waits[PROBES] = {10, 15, 20, 30, 45, 65, 95, 130, 180};

typedef enum {
  IDLE,
  ASKING,    /* for the mapping */
  WAITING,   /* in silence */
  TESTING,   /* the server was told to send to the mapping */
  CHECKING,  /* nothing came: is the server still there? */
  COMPARING, /* asked again */
  ALIVE,
  DEAD,
  UNKNOWN,
} State;

typedef struct {
  FwdNatLifetime *lifetime;
  guint index;
  guint16 port;
  FwdStunClient *client;
  State state;
  FwdEndpoint mapped;
  guint wait; /* seconds */
  gint64 due; /* when WAITING and TESTING go on */
  guint tests;
  guint8 id[FWD_STUN_TRANSACTION_SIZE]; /* of the tests */
} Probe;

typedef enum { UNDECIDED, BY_RESPONSE_PORT, BY_COMPARING } Method;

struct FwdNatLifetime {
  FwdNatLifetimeEvents events;
  gpointer user_data;
  FwdEndpoint server;
  Method method;
  guint round;
  gboolean is_over;
  Probe probes[SOCKETS];
};

static gboolean
is_pending(const Probe *probe)
{
  return probe->state > IDLE && probe->state < ALIVE;
}

static void
send_from(const FwdEndpoint *to, const guint8 *data, gsize length, gpointer user_data)
{
  Probe *probe = user_data;

  probe->lifetime->events.send(probe->index, to, data, length, probe->lifetime->user_data);
}

static gboolean
read_mapped(const FwdStunMessage *response, FwdEndpoint *mapped)
{
  return response != NULL && fwd_stun_message_class(response) == FWD_STUN_SUCCESS &&
         fwd_stun_message_get_endpoint(response, FWD_STUN_XOR_MAPPED_ADDRESS, mapped);
}

static void
on_asked(const FwdStunMessage *response, const FwdEndpoint *from, guint32 rtt_us,
         gpointer user_data)
{
  Probe *probe = user_data;

  if (probe->state == ASKING)
    probe->state = read_mapped(response, &probe->mapped) ? WAITING : UNKNOWN;
}

/* Only a port that the NAT chose anew each time tells whether it did. */
static void
on_compared(const FwdStunMessage *response, const FwdEndpoint *from, guint32 rtt_us,
            gpointer user_data)
{
  Probe *probe = user_data;
  FwdEndpoint mapped;

  if (probe->state != COMPARING)
    return;
  if (!read_mapped(response, &mapped) || fwd_endpoint_port(&mapped) == probe->port)
    probe->state = UNKNOWN;
  else
    probe->state = fwd_endpoint_equal(&mapped, &probe->mapped) ? ALIVE : DEAD;
}

/* The speaker asked for itself: with an answer, the probe's silence is the NAT's doing. */
static void
on_checked(const FwdStunMessage *response, const FwdEndpoint *from, guint32 rtt_us,
           gpointer user_data)
{
  Probe *probe = user_data;

  if (probe->state == CHECKING)
    probe->state = response != NULL ? DEAD : UNKNOWN;
}

static void
start(Probe *asking, FwdStunDone done, Probe *probe, State state, gint64 now)
{
  probe->state =
      fwd_stun_client_start(asking->client, &probe->lifetime->server, 0, now, done, probe)
          ? state
          : UNKNOWN;
}

static void
begin(Probe *probe, guint wait, gint64 now)
{
  probe->wait = wait;
  probe->tests = 0;
  probe->due = now + wait * G_USEC_PER_SEC;
  start(probe, on_asked, probe, ASKING, now);
}

/* RFC 5780, 7.5: the speaker has the answer sent to the probe's port. */
static void
send_test(Probe *probe, gint64 now)
{
  FwdNatLifetime *lifetime = probe->lifetime;
  guint8 request[REQUEST_MAX];
  FwdStunWriter writer;

  fwd_stun_writer_begin(&writer, request, sizeof request, FWD_STUN_REQUEST, FWD_STUN_BINDING,
                        probe->id);
  fwd_stun_writer_add_uint32(&writer, FWD_STUN_RESPONSE_PORT,
                             (guint32)fwd_endpoint_port(&probe->mapped) << 16);
  probe->tests++;
  probe->due = now + TEST_US;
  lifetime->events.send(SPEAKER, &lifetime->server, request, writer.length,
                        lifetime->user_data);
}

/* Another public address than the speaker's is one that the server will not send to. */
static gboolean
can_be_tested(const Probe *probe)
{
  const Probe *speaker = &probe->lifetime->probes[SPEAKER];

  return fwd_endpoint_family(&speaker->mapped) != AF_UNSPEC &&
         fwd_endpoint_same_address(&speaker->mapped, &probe->mapped);
}

static void
begin_test(Probe *probe, gint64 now)
{
  if (!can_be_tested(probe)) {
    probe->state = UNKNOWN;
    return;
  }
  probe->state = TESTING;
  fwd_stun_new_transaction(probe->id);
  send_test(probe, now);
}

static void
end_wait(Probe *probe, gint64 now)
{
  if (probe->index == CONTROL || probe->lifetime->method == BY_RESPONSE_PORT)
    begin_test(probe, now);
  else
    start(probe, on_compared, probe, COMPARING, now);
}

static void
go_on(Probe *probe, gint64 now)
{
  if (probe->state == WAITING)
    end_wait(probe, now);
  else if (probe->tests < TESTS)
    send_test(probe, now);
  else
    start(&probe->lifetime->probes[SPEAKER], on_checked, probe, CHECKING, now);
}

static gboolean
is_timed(const Probe *probe)
{
  /* The speaker's wait is for others; the probes' ends when it is known how to test them. */
  return probe->index != SPEAKER && (probe->state == WAITING || probe->state == TESTING) &&
         (probe->index == CONTROL || probe->lifetime->method != UNDECIDED);
}

static void
decide(FwdNatLifetime *lifetime)
{
  const Probe *control = &lifetime->probes[CONTROL];

  if (lifetime->method == UNDECIDED && !is_pending(control))
    lifetime->method = control->state == ALIVE ? BY_RESPONSE_PORT : BY_COMPARING;
}

/* With preserved ports and no RESPONSE-PORT there is nothing to wait for. */
static void
give_up_hopeless(FwdNatLifetime *lifetime)
{
  for (guint i = 0; i < PROBES && lifetime->method == BY_COMPARING; i++) {
    Probe *probe = &lifetime->probes[i];

    if (probe->state == WAITING && fwd_endpoint_port(&probe->mapped) == probe->port)
      probe->state = UNKNOWN;
  }
}

typedef struct {
  guint alive; /* the longest wait survived, 0 for none */
  guint dead;  /* the shortest one that was not, 0 for none */
  gboolean is_complete;
} Bounds;

static Bounds
find_bounds(FwdNatLifetime *lifetime)
{
  Bounds bounds = {.is_complete = TRUE};

  for (guint i = 0; i < PROBES; i++) {
    const Probe *probe = &lifetime->probes[i];

    if (probe->state == DEAD)
      bounds.dead = bounds.dead == 0 ? probe->wait : MIN(bounds.dead, probe->wait);
  }
  for (guint i = 0; i < PROBES; i++) {
    Probe *probe = &lifetime->probes[i];

    /* What died after a shorter wait need not be waited for. */
    if (bounds.dead != 0 && probe->wait >= bounds.dead && probe->state != DEAD)
      probe->state = UNKNOWN;
    if (probe->state == ALIVE)
      bounds.alive = MAX(bounds.alive, probe->wait);
    bounds.is_complete &= !is_pending(probe);
  }
  return bounds;
}

static gboolean
is_fine(const Bounds *bounds)
{
  guint gap = bounds->dead - bounds->alive;

  return bounds->dead == 0 || gap <= FINE_SECONDS || gap * FINE_PART <= bounds->alive;
}

static void
narrow_down(FwdNatLifetime *lifetime, const Bounds *bounds, gint64 now)
{
  guint gap = bounds->dead - bounds->alive;

  lifetime->round++;
  for (guint i = 0; i < PROBES; i++)
    lifetime->probes[i].state = IDLE;
  /* The one that was lost and the one that was kept stay as bounds. */
  for (guint i = 0; i < NARROW_WAITS; i++)
    begin(&lifetime->probes[i], bounds->alive + MAX(gap * (i + 1) / (NARROW_WAITS + 1), 1),
          now);
  lifetime->probes[NARROW_WAITS].wait = bounds->alive;
  lifetime->probes[NARROW_WAITS].state = bounds->alive > 0 ? ALIVE : UNKNOWN;
}

/* Comes last in whatever calls it: the owner may free the object when told. */
static void
evaluate(FwdNatLifetime *lifetime, gint64 now)
{
  Bounds bounds;
  gboolean is_final;

  decide(lifetime);
  give_up_hopeless(lifetime);
  bounds = find_bounds(lifetime);
  if (!bounds.is_complete || lifetime->is_over)
    return;
  is_final = lifetime->round > 0 || is_fine(&bounds);
  lifetime->is_over = is_final;
  if (!is_final)
    narrow_down(lifetime, &bounds, now);
  lifetime->events.found(bounds.alive, is_final, lifetime->user_data);
}

FwdNatLifetime *
fwd_nat_lifetime_new(const FwdEndpoint *server, const guint16 *ports,
                     const FwdNatLifetimeEvents *events, gpointer user_data, gint64 now)
{
  FwdNatLifetime *lifetime = g_new0(FwdNatLifetime, 1);

  lifetime->events = *events;
  lifetime->user_data = user_data;
  lifetime->server = *server;
  for (guint i = 0; i < SOCKETS; i++) {
    Probe *probe = &lifetime->probes[i];

    *probe = (Probe){.lifetime = lifetime, .index = i, .port = ports[i]};
    probe->client = fwd_stun_client_new(RTO_MS, TRIES, send_from, probe);
    begin(probe, i < PROBES ? first_waits[i] : CONTROL_WAIT, now);
  }
  return lifetime;
}

void
fwd_nat_lifetime_free(FwdNatLifetime *lifetime)
{
  for (guint i = 0; i < SOCKETS; i++)
    fwd_stun_client_free(lifetime->probes[i].client);
  g_free(lifetime);
}

static gboolean
is_test_of(const Probe *probe, const FwdEndpoint *from, const guint8 *data, gsize length)
{
  FwdStunMessage message;

  return (probe->state == TESTING || probe->state == CHECKING) &&
         fwd_endpoint_equal(from, &probe->lifetime->server) &&
         fwd_stun_message_parse(data, length, &message) &&
         fwd_stun_message_class(&message) == FWD_STUN_SUCCESS &&
         memcmp(fwd_stun_message_transaction(&message), probe->id, sizeof probe->id) == 0;
}

void
fwd_nat_lifetime_receive(FwdNatLifetime *lifetime, guint socket, const FwdEndpoint *from,
                         const guint8 *data, gsize length, gint64 now)
{
  Probe *probe;

  g_return_if_fail(socket < SOCKETS);
  probe = &lifetime->probes[socket];
  if (is_test_of(probe, from, data, length))
    probe->state = ALIVE;
  else if (!fwd_stun_client_receive(probe->client, from, data, length, now))
    return;
  evaluate(lifetime, now);
}

gint64
fwd_nat_lifetime_deadline(const FwdNatLifetime *lifetime)
{
  gint64 deadline = G_MAXINT64;

  for (guint i = 0; i < SOCKETS && !lifetime->is_over; i++) {
    const Probe *probe = &lifetime->probes[i];

    deadline = MIN(deadline, fwd_stun_client_deadline(probe->client));
    if (is_timed(probe))
      deadline = MIN(deadline, probe->due);
  }
  return deadline;
}

void
fwd_nat_lifetime_tick(FwdNatLifetime *lifetime, gint64 now)
{
  for (guint i = 0; i < SOCKETS && !lifetime->is_over; i++) {
    Probe *probe = &lifetime->probes[i];

    fwd_stun_client_tick(probe->client, now);
    if (is_timed(probe) && now >= probe->due)
      go_on(probe, now);
  }
  if (!lifetime->is_over)
    evaluate(lifetime, now);
}
