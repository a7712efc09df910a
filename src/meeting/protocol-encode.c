/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/envelope.h"
#include "meeting/protocol-private.h"
#include "meeting/protocol-story.h"

#include <json-glib/json-glib.h>
#include <sodium.h>
#include <string.h>

/* What was not measured is left out, here and below. */
static void
add_number(JsonBuilder *builder, const char *name, gint64 value)
{
  if (value == 0)
    return;
  json_builder_set_member_name(builder, name);
  json_builder_add_int_value(builder, value);
}

static void
add_string(JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name(builder, name);
  json_builder_add_string_value(builder, value);
}

static void
add_bytes(JsonBuilder *builder, const char *name, const guint8 *bytes, gsize size)
{
  g_autofree char *text = g_malloc(2 * size + 1);
  add_string(builder, name, sodium_bin2hex(text, 2 * size + 1, bytes, size));
}

static void
add_strings(JsonBuilder *builder, const char *name, const GStrv strings)
{
  json_builder_set_member_name(builder, name);
  json_builder_begin_array(builder);
  for (guint i = 0; strings != NULL && strings[i] != NULL; i++)
    json_builder_add_string_value(builder, strings[i]);
  json_builder_end_array(builder);
}

/* A scope id names an interface of this machine: it stays here. */
static void
add_endpoint(JsonBuilder *builder, const char *name, const FwdEndpoint *endpoint)
{
  FwdEndpoint copy = *endpoint;
  char text[FWD_ENDPOINT_TEXT_MAX];

  if (fwd_endpoint_family(endpoint) == AF_UNSPEC)
    return;
  if (fwd_endpoint_family(endpoint) == AF_INET6)
    copy.in6.sin6_scope_id = 0;
  add_string(builder, name, fwd_endpoint_format(&copy, text));
}

static void
add_nat(JsonBuilder *builder, const FwdNatReport *nat)
{
  json_builder_set_member_name(builder, "nat");
  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, "udp_blocked");
  json_builder_add_boolean_value(builder, nat->udp_blocked);
  add_string(builder, "mapping", fwd_nat_behaviour_to_string(nat->mapping));
  add_string(builder, "filtering", fwd_nat_behaviour_to_string(nat->filtering));
  if (nat->hairpinning != FWD_ANSWER_UNKNOWN) {
    json_builder_set_member_name(builder, "hairpinning");
    json_builder_add_boolean_value(builder, nat->hairpinning == FWD_ANSWER_YES);
  }
  add_string(builder, "ports", fwd_port_pattern_to_string(nat->ports));
  add_number(builder, "port_delta", nat->port_delta);
  add_number(builder, "port_spread", nat->port_spread);
  add_number(builder, "lifetime", nat->lifetime_seconds);
  add_number(builder, "hops", nat->hops);
  add_number(builder, "public_addresses", nat->public_addresses);
  add_endpoint(builder, "public4", &nat->public4);
  add_endpoint(builder, "public6", &nat->public6);
  json_builder_end_object(builder);
}

static void
add_candidate(JsonBuilder *builder, const FwdCandidate *candidate)
{
  json_builder_begin_object(builder);
  add_string(builder, "type", fwd_candidate_type_to_string(candidate->type));
  add_endpoint(builder, "endpoint", &candidate->endpoint);
  add_endpoint(builder, "base", &candidate->base);
  add_number(builder, "prefix", candidate->prefix_length);
  json_builder_end_object(builder);
}

static void
add_candidates(JsonBuilder *builder, const GArray *candidates)
{
  json_builder_set_member_name(builder, "candidates");
  json_builder_begin_array(builder);
  for (guint i = 0; candidates != NULL && i < candidates->len; i++)
    add_candidate(builder, &g_array_index(candidates, FwdCandidate, i));
  json_builder_end_array(builder);
}

static void
add_attempt(JsonBuilder *builder, guint32 attempt)
{
  json_builder_set_member_name(builder, "attempt");
  json_builder_add_int_value(builder, attempt);
}

static void
add_hello(JsonBuilder *builder, const FwdMessage *message)
{
  add_string(builder, "role", fwd_role_to_string(message->role));
  add_bytes(builder, "fingerprint", message->fingerprint, sizeof message->fingerprint);
  add_nat(builder, &message->nat);
  add_candidates(builder, message->candidates);
  add_strings(builder, "strategies", message->strategies);
}

static void
add_strategy(JsonBuilder *builder, const FwdMessage *message)
{
  add_attempt(builder, message->attempt);
  add_string(builder, "strategy", message->strategy);
  json_builder_set_member_name(builder, "body");
  json_builder_add_value(builder, json_gvariant_serialize(message->body));
}

static void
add_envelope_fields(JsonBuilder *builder, const FwdMessage *message)
{
  add_string(builder, "type", fwd_message_type_to_string(message->type));
  add_string(builder, "sender", message->sender);
  add_bytes(builder, "nonce", message->nonce, sizeof message->nonce);
  if (message->has_echo)
    add_bytes(builder, "echo", message->echo, sizeof message->echo);
  add_number(builder, "sequence", (gint64)message->sequence);
}

static void
add_body(JsonBuilder *builder, const FwdMessage *message, guint cut)
{
  switch (message->type) {
  case FWD_MESSAGE_HELLO:
    add_hello(builder, message);
    break;
  case FWD_MESSAGE_ATTEMPT:
    add_attempt(builder, message->attempt);
    add_number(builder, "tunnel", message->tunnel);
    add_strings(builder, "strategies", message->strategies);
    break;
  case FWD_MESSAGE_STOP:
    add_strings(builder, "strategies", message->strategies);
    break;
  case FWD_MESSAGE_STRATEGY:
    add_strategy(builder, message);
    break;
  case FWD_MESSAGE_MAPPINGS:
  case FWD_MESSAGE_PORTS:
    add_strings(builder, "mappings", message->mappings);
    break;
  case FWD_MESSAGE_STORY:
    fwd_protocol_add_story(builder, message->story, cut);
    break;
  case FWD_MESSAGE_BYE:
  case FWD_MESSAGE_UNKNOWN:
    break;
  }
}

static char *
encode(const FwdMessage *message, guint cut)
{
  g_autoptr(JsonBuilder) builder = json_builder_new_immutable();
  g_autoptr(JsonNode) root = NULL;

  json_builder_begin_object(builder);
  add_envelope_fields(builder, message);
  add_body(builder, message, cut);
  json_builder_end_object(builder);
  root = json_builder_get_root(builder);
  return json_to_string(root, FALSE);
}

char *
fwd_message_encode(const FwdMessage *message)
{
  char *text = encode(message, 0);

  if (message->type != FWD_MESSAGE_STORY)
    return text;
  for (guint cut = 1;
       cut < FWD_PROTOCOL_STORY_CUTS && strlen(text) > FWD_ENVELOPE_PLAINTEXT_MAX; cut++) {
    g_free(text);
    text = encode(message, cut);
  }
  return text;
}
