/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay-pair.h"

#include "relay-frames.h"
#include <errno.h>

#define UNSENT_MAX (128 * 1024)
/* Reads of one side until the other pairs of the thread get their turn. */
#define ROUNDS_MAX 8
/* What may come at once after a pause, and in how small pieces a limited rate is served. */
#define BURST_US        100000
#define PIECES_A_SECOND 20
#define PIECE_MIN       2048

#define NORMAL     1000
#define GOING_AWAY 1001
#define PROTOCOL   1002

static const char paired[] = "paired";

typedef struct {
  FwdStreamSocket stream;
  gpointer tag; /* in the source */
  GIOCondition polled;
  gboolean readable, writable; /* as far as is known: until the socket said no */
  gint64 heard;
  FwdRelayFrames from; /* what it sends, on its way to the other side */
} Side;

struct FwdRelayPair {
  FwdRelayPairConfig config;
  GSource *source;
  FwdRelayPairEnded ended;
  gpointer user_data;
  guint64 bytes;
  gint64 paid_until; /* the rate is used up until then */
  gint64 ping_at;
  guint16 code; /* of the end, once it is due */
  const char *why;
  Side sides[2];
};

typedef struct {
  GSource source;
  FwdRelayPair *pair;
} PairSource;

static void
end_with(FwdRelayPair *pair, guint16 code, const char *why)
{
  if (pair->code == 0) {
    pair->code = code;
    pair->why = why;
  }
}

/* Writing: what one side sends is written to the other. */

static void
write_to(FwdRelayPair *pair, guint to)
{
  FwdRelayFrames *frames = &pair->sides[1 - to].from;
  Side *side = &pair->sides[to];
  gsize length;

  while (side->writable) {
    const guint8 *data = fwd_relay_frames_pending(frames, &length);
    gssize written;

    if (length == 0)
      return;
    written = fwd_stream_socket_write(&side->stream, data, length);
    if (written > 0)
      fwd_relay_frames_taken(frames, (gsize)written);
    else
      side->writable = FALSE;
    if (written < 0)
      end_with(pair, GOING_AWAY, "one side is gone");
  }
}

/* Reading. */

static gsize
limit_read(const FwdRelayPair *pair, gsize room)
{
  const guint64 piece = MAX(pair->config.rate / PIECES_A_SECOND, PIECE_MIN);

  return pair->config.rate == 0 ? room : (gsize)MIN(room, piece);
}

static void
pay(FwdRelayPair *pair, gsize bytes, gint64 now)
{
  pair->bytes += bytes;
  if (pair->config.rate > 0)
    pair->paid_until = MAX(pair->paid_until, now - BURST_US) +
                       (gint64)((guint64)bytes * G_USEC_PER_SEC / pair->config.rate);
}

/** FALSE when nothing came. */
static gboolean
read_from(FwdRelayPair *pair, Side *side, gint64 now)
{
  gsize room;
  guint8 *space;
  gssize length;

  if (!side->readable || pair->paid_until > now)
    return FALSE;
  space = fwd_relay_frames_space(&side->from, &room);
  length = fwd_stream_socket_read(&side->stream, space, limit_read(pair, room));
  if (length < 0)
    end_with(pair, GOING_AWAY, "one side has left");
  if (length <= 0) {
    side->readable = FALSE;
    return FALSE;
  }
  side->heard = now;
  fwd_relay_frames_added(&side->from, (gsize)length);
  pay(pair, (gsize)length, now);
  return TRUE;
}

/* Pings that find no room for the answer go without one: as much as that is under way to them.
 */
static void
take_control(FwdRelayPair *pair, guint from, const FwdRelayControl *control)
{
  if (control->opcode == FWD_WEBSOCKET_CLOSE)
    end_with(pair, NORMAL, "one side said goodbye");
  else if (control->opcode == FWD_WEBSOCKET_PING)
    fwd_relay_frames_say(&pair->sides[1 - from].from, FWD_WEBSOCKET_PONG, control->data,
                         control->length);
}

/** FALSE when this direction can do no more now. */
static gboolean
pump(FwdRelayPair *pair, guint from, gint64 now)
{
  FwdRelayControl control;
  FwdRelayStep step;

  do {
    step = fwd_relay_frames_run(&pair->sides[from].from, &control);
    if (step == FWD_RELAY_CONTROL)
      take_control(pair, from, &control);
  } while (step == FWD_RELAY_CONTROL && pair->code == 0);
  write_to(pair, 1 - from);
  if (step == FWD_RELAY_INVALID)
    end_with(pair, PROTOCOL, "not a binary message of a WebSocket");
  if (pair->code != 0)
    return FALSE;
  if (step == FWD_RELAY_HUNGRY)
    return read_from(pair, &pair->sides[from], now);
  return pair->sides[1 - from].writable;
}

/* The source. */

static void
poll_side(FwdRelayPair *pair, guint index)
{
  Side *side = &pair->sides[index];
  GIOCondition wanted = side->readable ? 0 : G_IO_IN;

  if (!side->writable)
    wanted |= G_IO_OUT;
  if (wanted == side->polled)
    return;
  side->polled = wanted;
  g_source_modify_unix_fd(pair->source, side->tag, wanted);
}

/** Whether the end of its rounds, not of its input, stopped a side. */
static gboolean
has_more(const FwdRelayPair *pair, guint from)
{
  const Side *side = &pair->sides[from];

  return side->readable && pair->sides[1 - from].writable;
}

static gint64
next_time(const FwdRelayPair *pair)
{
  gint64 at = pair->ping_at;

  for (guint i = 0; i < 2; i++) {
    at = MIN(at, pair->sides[i].heard + pair->config.idle_us);
    if (has_more(pair, i))
      at = MIN(at, pair->paid_until);
  }
  return at;
}

static void
look_at_the_clock(FwdRelayPair *pair, gint64 now)
{
  for (guint i = 0; i < 2; i++)
    if (now - pair->sides[i].heard >= pair->config.idle_us)
      end_with(pair, GOING_AWAY, "silent for too long");
  if (now < pair->ping_at)
    return;
  pair->ping_at = now + pair->config.keepalive_us;
  for (guint i = 0; i < 2; i++)
    fwd_relay_frames_say(&pair->sides[i].from, FWD_WEBSOCKET_PING, paired, 0);
}

static gboolean
take_events(FwdRelayPair *pair)
{
  gboolean broken = FALSE;

  for (guint i = 0; i < 2; i++) {
    Side *side = &pair->sides[i];
    const GIOCondition events = g_source_query_unix_fd(pair->source, side->tag);

    side->readable = side->readable || (events & (G_IO_IN | G_IO_HUP | G_IO_ERR)) != 0;
    side->writable = side->writable || (events & G_IO_OUT) != 0;
    broken = broken || (events & (G_IO_HUP | G_IO_ERR)) != 0;
  }
  return broken;
}

static gboolean
serve(GSource *source, GSourceFunc callback G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  FwdRelayPair *pair = ((PairSource *)source)->pair;
  const gint64 now = g_source_get_time(source);
  const gboolean broken = take_events(pair);

  look_at_the_clock(pair, now);
  for (guint i = 0; i < 2; i++)
    for (guint round = 0; round < ROUNDS_MAX && pair->code == 0 && pump(pair, i, now); round++)
      continue;
  for (guint i = 0; i < 2; i++)
    write_to(pair, i);
  if (broken)
    end_with(pair, GOING_AWAY, "one side is gone");
  if (pair->code != 0) {
    fwd_relay_pair_end(pair, pair->code, pair->why);
    return G_SOURCE_REMOVE;
  }
  for (guint i = 0; i < 2; i++)
    poll_side(pair, i);
  g_source_set_ready_time(source, next_time(pair));
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs pair_functions = {.dispatch = serve};

static void
begin_side(FwdRelayPair *pair, guint index, const FwdStreamSocket *stream, gint64 now)
{
  Side *side = &pair->sides[index];

  side->stream = *stream;
  side->readable = side->writable = TRUE;
  side->polled = G_IO_IN;
  side->heard = now;
  side->tag = g_source_add_unix_fd(pair->source, stream->fd, side->polled);
  fwd_relay_frames_init(&side->from);
  fwd_relay_frames_say(&side->from, FWD_WEBSOCKET_TEXT, paired, strlen(paired));
  fwd_stream_socket_hurry(stream, UNSENT_MAX);
}

FwdRelayPair *
fwd_relay_pair_new(const FwdRelayPairConfig *config, GMainContext *context,
                   const FwdStreamSocket *streams, FwdRelayPairEnded ended, gpointer user_data)
{
  FwdRelayPair *pair = g_malloc(sizeof *pair);
  const gint64 now = g_get_monotonic_time();

  memset(pair, 0, G_STRUCT_OFFSET(FwdRelayPair, sides));
  pair->config = *config;
  pair->ended = ended;
  pair->user_data = user_data;
  pair->ping_at = now + config->keepalive_us;
  pair->source = g_source_new(&pair_functions, sizeof(PairSource));
  ((PairSource *)pair->source)->pair = pair;
  g_source_set_static_name(pair->source, "relay pair");
  for (guint i = 0; i < 2; i++)
    begin_side(pair, i, &streams[i], now);
  g_source_set_ready_time(pair->source, 0);
  g_source_attach(pair->source, context);
  return pair;
}

static void
say_goodbye(FwdRelayPair *pair, guint to, guint16 code)
{
  const guint8 data[] = {(guint8)(code >> 8), (guint8)code};

  fwd_relay_frames_say(&pair->sides[1 - to].from, FWD_WEBSOCKET_CLOSE, data, sizeof data);
  write_to(pair, to);
  fwd_stream_socket_clear(&pair->sides[to].stream);
}

void
fwd_relay_pair_end(FwdRelayPair *pair, guint16 code, const char *why)
{
  g_source_destroy(pair->source);
  for (guint i = 0; i < 2; i++)
    say_goodbye(pair, i, code);
  g_source_unref(pair->source);
  pair->ended(pair, pair->bytes, why, pair->user_data);
  g_free(pair);
}
