/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "turn-client.h"
#include "stun-digest.h"

#include <string.h>

#define US_PER_S ((gint64)1000000)

/* Over UDP: sent after 0, 0.25, 0.75, 1.75, 3.75 s; given up after 7.75 s. */
#define RTO           (US_PER_S / 4)
#define TRIES         5
#define RELIABLE_WAIT (8 * US_PER_S)
/* Answers that ask for other credentials, in a row, to one wish. */
#define REJECTIONS_MAX 3

/* A permission lasts 300 s, a channel 600 s and renews its permission (RFC 8656, 9, 12). */
#define GRANT_RENEWAL (240 * US_PER_S)
/* How long before its end an allocation is refreshed (RFC 8656, 7). */
#define REFRESH_MARGIN 60
#define LIFETIME       600
#define LIFETIME_MAX   3600

#define TRANSPORT_UDP (17u << 24)
#define FAMILY_IPV4   (1u << 24)
#define FAMILY_IPV6   (2u << 24)

enum {
  ERROR_TRY_ALTERNATE = 300,
  ERROR_UNAUTHENTICATED = 401,
  ERROR_STALE_NONCE = 438,
};

/* Something the server is asked for and, if it is granted, asked for again in time. */
typedef struct {
  guint16 method; /* 0: a free place */
  guint16 channel;
  FwdTurnGrant grant;
  gboolean waiting; /* a request is on its way */
  gboolean authenticated;
  FwdEndpoint peer;
  guint8 id[FWD_STUN_TRANSACTION_SIZE];
  gint64 deadline; /* to send again, or to renew */
  guint sent;
  guint rejections;
} Wish;

struct FwdTurnClient {
  char *username, *password;
  gboolean reliable;
  gboolean redirects;
  int family;
  FwdTurnSend send;
  gpointer user_data;

  FwdTurnState state;
  guint error;
  FwdEndpoint relayed, mapped, alternate;

  /* Long-term credentials: nothing is known before the first 401. */
  gboolean has_key;
  guint8 key[16];
  char realm[FWD_TURN_REALM_MAX + 1];
  guint8 nonce[FWD_TURN_REALM_MAX];
  gsize nonce_length;

  Wish allocation;
  Wish grants[FWD_TURN_GRANTS_MAX];
  guint16 last_channel;
  gint64 deadline; /* the earliest of all wishes */
};

FwdTurnClient *
fwd_turn_client_new(const FwdTurnClientConfig *config, FwdTurnSend send, gpointer user_data)
{
  FwdTurnClient *client = g_new0(FwdTurnClient, 1);

  client->username = g_strdup(config->username);
  client->password = g_strdup(config->password);
  client->reliable = config->reliable;
  client->redirects = config->redirects;
  client->family = config->family;
  client->send = send;
  client->user_data = user_data;
  client->last_channel = FWD_TURN_CHANNEL_MIN - 1;
  client->deadline = G_MAXINT64;
  return client;
}

void
fwd_turn_client_free(FwdTurnClient *client)
{
  explicit_bzero(client->password, strlen(client->password));
  explicit_bzero(client->key, sizeof client->key);
  g_free(client->username);
  g_free(client->password);
  g_free(client);
}

void
fwd_turn_client_set_send(FwdTurnClient *client, FwdTurnSend send, gpointer user_data)
{
  client->send = send;
  client->user_data = user_data;
}

FwdTurnState
fwd_turn_client_get_state(const FwdTurnClient *client)
{
  return client->state;
}

guint
fwd_turn_client_get_error(const FwdTurnClient *client)
{
  return client->error;
}

const FwdEndpoint *
fwd_turn_client_get_relayed(const FwdTurnClient *client)
{
  return &client->relayed;
}

const FwdEndpoint *
fwd_turn_client_get_mapped(const FwdTurnClient *client)
{
  return &client->mapped;
}

const FwdEndpoint *
fwd_turn_client_get_alternate(const FwdTurnClient *client)
{
  return &client->alternate;
}

gint64
fwd_turn_client_deadline(const FwdTurnClient *client)
{
  return client->deadline;
}

static void
plan(FwdTurnClient *client)
{
  gint64 deadline = client->allocation.method != 0 ? client->allocation.deadline : G_MAXINT64;

  for (guint i = 0; i < FWD_TURN_GRANTS_MAX; i++)
    if (client->grants[i].method != 0)
      deadline = MIN(deadline, client->grants[i].deadline);
  client->deadline = deadline;
}

/* All that was wished for is void with the allocation. */
static void
end(FwdTurnClient *client, FwdTurnState state)
{
  client->state = state;
  client->allocation.method = 0;
  memset(client->grants, 0, sizeof client->grants);
  plan(client);
}

/* Asking. */

static void
add_allocation(const FwdTurnClient *client, FwdStunWriter *writer)
{
  fwd_stun_writer_add_uint32(writer, FWD_STUN_REQUESTED_TRANSPORT, TRANSPORT_UDP);
  if (client->family != AF_UNSPEC)
    fwd_stun_writer_add_uint32(writer, FWD_STUN_REQUESTED_ADDRESS_FAMILY,
                               client->family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4);
}

static void
add_credentials(const FwdTurnClient *client, FwdStunWriter *writer)
{
  fwd_stun_writer_add(writer, FWD_STUN_USERNAME, client->username, strlen(client->username));
  fwd_stun_writer_add(writer, FWD_STUN_REALM, client->realm, strlen(client->realm));
  fwd_stun_writer_add(writer, FWD_STUN_NONCE, client->nonce, client->nonce_length);
  fwd_stun_writer_add_integrity(writer, client->key, sizeof client->key);
}

static gsize
write_request(const FwdTurnClient *client, const Wish *wish, guint8 *buffer, gsize size)
{
  FwdStunWriter writer;

  fwd_stun_writer_begin(&writer, buffer, size, FWD_STUN_REQUEST, wish->method, wish->id);
  if (wish->method == FWD_STUN_ALLOCATE)
    add_allocation(client, &writer);
  if (wish->method == FWD_STUN_ALLOCATE || wish->method == FWD_STUN_REFRESH)
    fwd_stun_writer_add_uint32(&writer, FWD_STUN_LIFETIME,
                               client->state == FWD_TURN_RELEASED ? 0 : LIFETIME);
  if (wish->method == FWD_STUN_CHANNEL_BIND)
    fwd_stun_writer_add_uint32(&writer, FWD_STUN_CHANNEL_NUMBER, (guint32)wish->channel << 16);
  if (fwd_endpoint_length(&wish->peer) > 0)
    fwd_stun_writer_add_endpoint(&writer, FWD_STUN_XOR_PEER_ADDRESS, &wish->peer);
  if (client->has_key)
    add_credentials(client, &writer);
  return writer.length;
}

static void
send_request(FwdTurnClient *client, Wish *wish, gint64 now)
{
  guint8 buffer[FWD_STUN_MESSAGE_MAX];
  gsize length = write_request(client, wish, buffer, sizeof buffer);

  wish->authenticated = client->has_key;
  wish->deadline = now + (client->reliable ? RELIABLE_WAIT : RTO << wish->sent);
  wish->sent++;
  if (length > 0)
    client->send(buffer, length, client->user_data);
}

static void
ask(FwdTurnClient *client, Wish *wish, gint64 now)
{
  fwd_stun_new_transaction(wish->id);
  wish->waiting = TRUE;
  wish->sent = 0;
  send_request(client, wish, now);
  plan(client);
}

void
fwd_turn_client_start(FwdTurnClient *client, gint64 now)
{
  g_return_if_fail(client->state == FWD_TURN_IDLE);

  if (strlen(client->username) > FWD_TURN_USERNAME_MAX ||
      strlen(client->password) > FWD_TURN_PASSWORD_MAX) {
    client->error = ERROR_UNAUTHENTICATED;
    end(client, FWD_TURN_FAILED);
    return;
  }
  client->state = FWD_TURN_ALLOCATING;
  client->allocation.method = FWD_STUN_ALLOCATE;
  ask(client, &client->allocation, now);
}

void
fwd_turn_client_release(FwdTurnClient *client, gint64 now)
{
  Wish wish = {.method = FWD_STUN_REFRESH};
  gboolean held = client->state == FWD_TURN_ALLOCATED;

  end(client, FWD_TURN_RELEASED);
  if (!held)
    return;
  fwd_stun_new_transaction(wish.id);
  send_request(client, &wish, now);
}

static gboolean
matches(const Wish *wish, guint16 method, const FwdEndpoint *peer)
{
  return wish->method == method &&
         (method == FWD_STUN_CHANNEL_BIND ? fwd_endpoint_equal(&wish->peer, peer)
                                          : fwd_endpoint_same_address(&wish->peer, peer));
}

static Wish *
find_grant(FwdTurnClient *client, guint16 method, const FwdEndpoint *peer)
{
  for (guint i = 0; i < FWD_TURN_GRANTS_MAX; i++)
    if (matches(&client->grants[i], method, peer))
      return &client->grants[i];
  return NULL;
}

/* The wish for @peer, made and asked for if it is new; NULL when there can be none. */
static Wish *
wish_for(FwdTurnClient *client, guint16 method, const FwdEndpoint *peer, gint64 now)
{
  Wish *wish;

  if (client->state != FWD_TURN_ALLOCATED ||
      fwd_endpoint_family(peer) != fwd_endpoint_family(&client->relayed))
    return NULL;
  wish = find_grant(client, method, peer);
  if (wish != NULL)
    return wish;
  for (guint i = 0; i < FWD_TURN_GRANTS_MAX; i++) {
    wish = &client->grants[i];
    if (wish->method != 0)
      continue;
    *wish = (Wish){.method = method, .grant = FWD_TURN_GRANT_ASKED, .peer = *peer};
    if (method == FWD_STUN_CHANNEL_BIND)
      wish->channel = ++client->last_channel;
    ask(client, wish, now);
    return wish;
  }
  return NULL;
}

gboolean
fwd_turn_client_permit(FwdTurnClient *client, const FwdEndpoint *peer, gint64 now)
{
  return wish_for(client, FWD_STUN_CREATE_PERMISSION, peer, now) != NULL;
}

FwdTurnGrant
fwd_turn_client_get_permission(const FwdTurnClient *client, const FwdEndpoint *peer)
{
  const Wish *wish = find_grant((FwdTurnClient *)client, FWD_STUN_CREATE_PERMISSION, peer);

  return wish != NULL ? wish->grant : FWD_TURN_GRANT_NONE;
}

guint16
fwd_turn_client_bind(FwdTurnClient *client, const FwdEndpoint *peer, gint64 now)
{
  const Wish *wish = wish_for(client, FWD_STUN_CHANNEL_BIND, peer, now);

  return wish != NULL ? wish->channel : 0;
}

static const Wish *
find_channel(const FwdTurnClient *client, guint16 channel)
{
  for (guint i = 0; i < FWD_TURN_GRANTS_MAX; i++)
    if (client->grants[i].channel == channel)
      return &client->grants[i];
  return NULL;
}

FwdTurnGrant
fwd_turn_client_get_channel(const FwdTurnClient *client, guint16 channel)
{
  const Wish *wish = channel != 0 ? find_channel(client, channel) : NULL;

  return wish != NULL ? wish->grant : FWD_TURN_GRANT_NONE;
}

/* What the server says. */

static void
refuse(FwdTurnClient *client, Wish *wish, guint code)
{
  if (wish == &client->allocation) {
    client->error = code;
    end(client, FWD_TURN_FAILED);
    return;
  }
  wish->grant = FWD_TURN_GRANT_REFUSED;
  wish->waiting = FALSE;
  wish->deadline = G_MAXINT64;
  plan(client);
}

static gboolean
make_key(FwdTurnClient *client)
{
  g_autofree char *text =
      g_strconcat(client->username, ":", client->realm, ":", client->password, NULL);
  gboolean made =
      gnutls_hash_fast(GNUTLS_DIG_MD5, text, strlen(text), client->key) == GNUTLS_E_SUCCESS;

  explicit_bzero(text, strlen(text));
  return made;
}

static gboolean
take_challenge(FwdTurnClient *client, const FwdStunMessage *message)
{
  gsize realm_length, nonce_length;
  const guint8 *realm = fwd_stun_message_find(message, FWD_STUN_REALM, &realm_length);
  const guint8 *nonce = fwd_stun_message_find(message, FWD_STUN_NONCE, &nonce_length);

  if (realm == NULL || nonce == NULL || realm_length > FWD_TURN_REALM_MAX ||
      nonce_length > sizeof client->nonce || memchr(realm, '\0', realm_length) != NULL)
    return FALSE;
  memcpy(client->realm, realm, realm_length);
  client->realm[realm_length] = '\0';
  memcpy(client->nonce, nonce, nonce_length);
  client->nonce_length = nonce_length;
  client->has_key = make_key(client);
  return client->has_key;
}

static void
on_challenge(FwdTurnClient *client, Wish *wish, const FwdStunMessage *message, guint code,
             gint64 now)
{
  /* 401 to credentials means that they are wrong; 438 that they are only old. */
  gboolean wrong = code == ERROR_UNAUTHENTICATED && wish->authenticated;

  if (wrong || ++wish->rejections > REJECTIONS_MAX || !take_challenge(client, message))
    refuse(client, wish, code);
  else
    ask(client, wish, now);
}

static gboolean
take_redirection(FwdTurnClient *client, const Wish *wish, const FwdStunMessage *message)
{
  if (!client->redirects || client->state != FWD_TURN_ALLOCATING ||
      wish != &client->allocation ||
      !fwd_stun_message_get_endpoint(message, FWD_STUN_ALTERNATE_SERVER, &client->alternate) ||
      fwd_endpoint_port(&client->alternate) == 0)
    return FALSE;
  end(client, FWD_TURN_REDIRECTED);
  return TRUE;
}

static void
on_failure(FwdTurnClient *client, Wish *wish, const FwdStunMessage *message, gint64 now)
{
  guint code = fwd_stun_message_get_error_code(message);

  if (code == ERROR_UNAUTHENTICATED || code == ERROR_STALE_NONCE)
    on_challenge(client, wish, message, code, now);
  else if (code != ERROR_TRY_ALTERNATE || !take_redirection(client, wish, message))
    refuse(client, wish, code);
}

static void
keep(FwdTurnClient *client, Wish *wish, gint64 renewal)
{
  wish->grant = FWD_TURN_GRANT_HELD;
  wish->waiting = FALSE;
  wish->rejections = 0;
  wish->deadline = renewal;
  plan(client);
}

static gboolean
take_relayed(FwdTurnClient *client, const FwdStunMessage *message)
{
  fwd_stun_message_get_endpoint(message, FWD_STUN_XOR_MAPPED_ADDRESS, &client->mapped);
  return fwd_stun_message_get_endpoint(message, FWD_STUN_XOR_RELAYED_ADDRESS,
                                       &client->relayed) &&
         fwd_endpoint_port(&client->relayed) != 0 && !fwd_endpoint_is_any(&client->relayed);
}

static void
on_allocated(FwdTurnClient *client, const FwdStunMessage *message, gint64 now)
{
  Wish *wish = &client->allocation;
  guint32 lifetime;

  if (!fwd_stun_message_get_uint32(message, FWD_STUN_LIFETIME, &lifetime) || lifetime == 0 ||
      (wish->method == FWD_STUN_ALLOCATE && !take_relayed(client, message))) {
    refuse(client, wish, 0);
    return;
  }
  client->state = FWD_TURN_ALLOCATED;
  wish->method = FWD_STUN_REFRESH;
  lifetime = MIN(lifetime, LIFETIME_MAX);
  if (lifetime > 2 * REFRESH_MARGIN)
    keep(client, wish, now + (lifetime - REFRESH_MARGIN) * US_PER_S);
  else
    keep(client, wish, now + lifetime * US_PER_S / 2);
}

/* An error that cannot prove its origin is believed: it takes no more than a lost packet. */
static gboolean
is_believed(const FwdTurnClient *client, const Wish *wish, const FwdStunMessage *message)
{
  gsize length;

  if (fwd_stun_message_first_unknown(message) != 0)
    return FALSE;
  if (!wish->authenticated)
    return TRUE;
  if (fwd_stun_message_class(message) == FWD_STUN_FAILURE &&
      fwd_stun_message_find(message, FWD_STUN_MESSAGE_INTEGRITY, &length) == NULL)
    return fwd_stun_message_get_error_code(message) != ERROR_TRY_ALTERNATE;
  return fwd_stun_message_verify(message, client->key, sizeof client->key);
}

static Wish *
find_asked(FwdTurnClient *client, const FwdStunMessage *message)
{
  const guint8 *id = fwd_stun_message_transaction(message);
  guint16 method = fwd_stun_message_method(message);

  for (guint i = 0; i <= FWD_TURN_GRANTS_MAX; i++) {
    Wish *wish = i == 0 ? &client->allocation : &client->grants[i - 1];
    if (wish->method == method && wish->waiting && memcmp(wish->id, id, sizeof wish->id) == 0)
      return wish;
  }
  return NULL;
}

static void
on_response(FwdTurnClient *client, const FwdStunMessage *message, gint64 now)
{
  Wish *wish = find_asked(client, message);

  if (wish == NULL || !is_believed(client, wish, message))
    return;
  if (fwd_stun_message_class(message) == FWD_STUN_FAILURE)
    on_failure(client, wish, message, now);
  else if (wish == &client->allocation)
    on_allocated(client, message, now);
  else
    keep(client, wish, now + GRANT_RENEWAL);
}

gboolean
fwd_turn_client_receive(FwdTurnClient *client, const guint8 *data, gsize length, gint64 now,
                        FwdTurnPacket *packet)
{
  FwdStunMessage message;
  guint16 channel;

  if (client->state != FWD_TURN_ALLOCATED && client->state != FWD_TURN_ALLOCATING)
    return FALSE;
  if (fwd_turn_channel_read(data, length, &channel, packet)) {
    const Wish *wish = find_channel(client, channel);
    if (wish != NULL)
      packet->peer = wish->peer;
    return wish != NULL;
  }
  if (!fwd_stun_message_parse(data, length, &message))
    return FALSE;
  if (fwd_stun_message_class(&message) == FWD_STUN_INDICATION)
    return client->state == FWD_TURN_ALLOCATED && fwd_turn_data_read(data, length, packet);
  if (fwd_stun_message_class(&message) != FWD_STUN_REQUEST)
    on_response(client, &message, now);
  return FALSE;
}

/* Time. */

static void
tend(FwdTurnClient *client, Wish *wish, gint64 now)
{
  if (wish->method == 0 || now < wish->deadline)
    return;
  if (!wish->waiting)
    ask(client, wish, now);
  else if (client->reliable || wish->sent == TRIES)
    refuse(client, wish, 0);
  else
    send_request(client, wish, now);
}

void
fwd_turn_client_tick(FwdTurnClient *client, gint64 now)
{
  if (now < client->deadline)
    return;
  tend(client, &client->allocation, now);
  for (guint i = 0; i < FWD_TURN_GRANTS_MAX; i++)
    tend(client, &client->grants[i], now);
  plan(client);
}
