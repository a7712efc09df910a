/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/protocol.h"

#include <stunfwd/error.h>
#include <string.h>

static FwdMessage *
new_message(FwdMessageType type)
{
  FwdMessage *message = fwd_message_new(type);

  g_strlcpy(message->sender, "0123456789abcdef", sizeof message->sender);
  memset(message->nonce, 0xa5, sizeof message->nonce);
  message->has_echo = TRUE;
  memset(message->echo, 0x5a, sizeof message->echo);
  message->sequence = FWD_PROTOCOL_SEQUENCE_MAX;
  return message;
}

static FwdMessage *
pass(const FwdMessage *message)
{
  g_autofree char *text = fwd_message_encode(message);
  g_autoptr(GError) error = NULL;
  FwdMessage *decoded = fwd_message_decode(text, &error);

  g_assert_no_error(error);
  g_assert_cmpint(decoded->type, ==, message->type);
  g_assert_cmpstr(decoded->sender, ==, message->sender);
  g_assert_cmpmem(decoded->nonce, sizeof decoded->nonce, message->nonce, sizeof message->nonce);
  g_assert_cmpint(decoded->has_echo, ==, message->has_echo);
  g_assert_cmpmem(decoded->echo, sizeof decoded->echo, message->echo, sizeof message->echo);
  g_assert_cmpuint(decoded->sequence, ==, message->sequence);
  return decoded;
}

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint value;
  g_assert_true(fwd_endpoint_parse(text, &value, NULL));
  return value;
}

static FwdNatReport
full_report(void)
{
  return (FwdNatReport){.udp_blocked = TRUE,
                        .mapping = FWD_NAT_ADDRESS_AND_PORT_DEPENDENT,
                        .filtering = FWD_NAT_ADDRESS_DEPENDENT,
                        .hairpinning = FWD_ANSWER_NO,
                        .ports = FWD_PORTS_SEQUENTIAL,
                        .port_delta = -2,
                        .port_spread = 15,
                        .lifetime_seconds = 30,
                        .hops = 3,
                        .public_addresses = 2,
                        .public4 = endpoint("203.0.113.7:41000"),
                        .public6 = endpoint("[2001:db8::7]:41001")};
}

static void
check_report(const FwdNatReport *a, const FwdNatReport *b)
{
  g_assert_cmpint(a->udp_blocked, ==, b->udp_blocked);
  g_assert_cmpint(a->mapping, ==, b->mapping);
  g_assert_cmpint(a->filtering, ==, b->filtering);
  g_assert_cmpint(a->hairpinning, ==, b->hairpinning);
  g_assert_cmpint(a->ports, ==, b->ports);
  g_assert_cmpint(a->port_delta, ==, b->port_delta);
  g_assert_cmpuint(a->port_spread, ==, b->port_spread);
  g_assert_cmpuint(a->lifetime_seconds, ==, b->lifetime_seconds);
  g_assert_cmpuint(a->hops, ==, b->hops);
  g_assert_cmpuint(a->public_addresses, ==, b->public_addresses);
  g_assert_true(fwd_endpoint_equal(&a->public4, &b->public4));
  g_assert_true(fwd_endpoint_equal(&a->public6, &b->public6));
}

static GArray *
all_candidates(void)
{
  GArray *candidates = g_array_new(FALSE, TRUE, sizeof(FwdCandidate));

  for (guint type = FWD_CANDIDATE_HOST; type <= FWD_CANDIDATE_RELAYED; type++) {
    FwdCandidate candidate = {.type = type,
                              .endpoint = endpoint("192.0.2.1:4000"),
                              .base = endpoint("[2001:db8::2]:5000"),
                              .prefix_length = type == FWD_CANDIDATE_HOST ? 24 : 0};
    g_array_append_val(candidates, candidate);
  }
  return candidates;
}

static void
check_candidates(const GArray *a, const GArray *b)
{
  g_assert_cmpuint(a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++) {
    const FwdCandidate *one = &g_array_index(a, FwdCandidate, i);
    const FwdCandidate *other = &g_array_index(b, FwdCandidate, i);
    g_assert_cmpint(one->type, ==, other->type);
    g_assert_true(fwd_endpoint_equal(&one->endpoint, &other->endpoint));
    g_assert_true(fwd_endpoint_equal(&one->base, &other->base));
    g_assert_cmpuint(one->prefix_length, ==, other->prefix_length);
  }
}

static void
test_hello(void)
{
  g_autoptr(FwdMessage) message = new_message(FWD_MESSAGE_HELLO);
  g_autoptr(FwdMessage) decoded = NULL;

  message->role = FWD_ROLE_CLIENT;
  memset(message->fingerprint, 0xfe, sizeof message->fingerprint);
  message->nat = full_report();
  message->candidates = all_candidates();
  message->strategies = g_strsplit("lan,udp-punch,a2345678901234567890123", ",", -1);
  decoded = pass(message);
  g_assert_cmpint(decoded->role, ==, FWD_ROLE_CLIENT);
  g_assert_cmpmem(decoded->fingerprint, 32, message->fingerprint, 32);
  check_report(&decoded->nat, &message->nat);
  check_candidates(decoded->candidates, message->candidates);
  g_assert_cmpstrv(decoded->strategies, message->strategies);
}

static void
test_hello_empty(void)
{
  g_autoptr(FwdMessage) message = new_message(FWD_MESSAGE_HELLO);
  g_autoptr(FwdMessage) decoded = NULL;

  message->has_echo = FALSE;
  memset(message->echo, 0, sizeof message->echo);
  message->sequence = 1;
  decoded = pass(message);
  g_assert_cmpint(decoded->nat.mapping, ==, FWD_NAT_UNKNOWN);
  g_assert_cmpint(decoded->nat.hairpinning, ==, FWD_ANSWER_UNKNOWN);
  g_assert_cmpint(fwd_endpoint_family(&decoded->nat.public4), ==, AF_UNSPEC);
  g_assert_cmpuint(decoded->candidates->len, ==, 0);
  g_assert_cmpuint(g_strv_length(decoded->strategies), ==, 0);
}

static void
test_scope_stays_home(void)
{
  g_autoptr(FwdMessage) message = new_message(FWD_MESSAGE_HELLO);
  g_autoptr(FwdMessage) decoded = NULL;
  FwdCandidate candidate = {.endpoint = endpoint("[fe80::1]:9")};

  candidate.endpoint.in6.sin6_scope_id = 1;
  message->candidates = g_array_new(FALSE, TRUE, sizeof candidate);
  g_array_append_val(message->candidates, candidate);
  decoded = pass(message);
  candidate = g_array_index(decoded->candidates, FwdCandidate, 0);
  g_assert_cmpuint(candidate.endpoint.in6.sin6_scope_id, ==, 0);
  g_assert_cmpint(fwd_endpoint_family(&candidate.base), ==, AF_UNSPEC);
}

static void
test_attempt(void)
{
  g_autoptr(FwdMessage) message = new_message(FWD_MESSAGE_ATTEMPT);
  g_autoptr(FwdMessage) decoded = NULL;

  message->attempt = G_MAXUINT32;
  message->tunnel = 7;
  message->strategies = g_strsplit("lan,relay", ",", -1);
  decoded = pass(message);
  g_assert_cmpuint(decoded->attempt, ==, G_MAXUINT32);
  g_assert_cmpuint(decoded->tunnel, ==, 7);
  g_assert_cmpstrv(decoded->strategies, message->strategies);
}

static void
test_stop(void)
{
  g_autoptr(FwdMessage) message = new_message(FWD_MESSAGE_STOP);
  g_autoptr(FwdMessage) decoded = NULL;

  message->strategies = g_strsplit("birthday,port-prediction", ",", -1);
  decoded = pass(message);
  g_assert_cmpstrv(decoded->strategies, message->strategies);
}

static void
check_body(const char *sent, const char *received)
{
  g_autoptr(FwdMessage) message = new_message(FWD_MESSAGE_STRATEGY);
  g_autoptr(FwdMessage) decoded = NULL;
  g_autofree char *text = NULL;

  message->strategy = g_strdup("tcp-punch");
  message->body = g_variant_ref_sink(g_variant_new_parsed(sent));
  decoded = pass(message);
  text = g_variant_print(decoded->body, TRUE);
  g_assert_cmpstr(decoded->strategy, ==, "tcp-punch");
  g_assert_cmpuint(decoded->attempt, ==, 0);
  g_assert_cmpstr(text, ==, received);
}

static void
test_strategy(void)
{
  check_body("'text'", "'text'");
  check_body("uint16 7", "int64 7");
  check_body("1.5", "1.5");
  check_body("true", "true");
  check_body("@ms nothing", "@mv nothing");
  check_body("[uint32 1, 2]", "[<int64 1>, <int64 2>]");
  check_body("{'ports': <[1, 2]>, 'name': <'\xc3\xa9\\n\"'>}",
             "{'ports': <[<int64 1>, <int64 2>]>, 'name': <'\xc3\xa9\\n\"'>}");
}

static void
check_mappings(FwdMessageType type)
{
  g_autoptr(FwdMessage) message = new_message(type);
  g_autoptr(FwdMessage) decoded = NULL;

  message->mappings = g_strsplit("R:tcp:8080:3000=8080|R:udp:1:2!port in use", "|", -1);
  decoded = pass(message);
  g_assert_cmpstrv(decoded->mappings, message->mappings);
}

static void
test_mappings(void)
{
  check_mappings(FWD_MESSAGE_MAPPINGS);
  check_mappings(FWD_MESSAGE_PORTS);
}

static void
test_bye(void)
{
  g_autoptr(FwdMessage) message = new_message(FWD_MESSAGE_BYE);
  g_autoptr(FwdMessage) decoded = pass(message);
  g_assert_null(decoded->mappings);
}

#define NONCE  "\"00112233445566778899aabbccddeeff\""
#define WORD64 "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\""
#define HEAD(type)                                                                             \
  "{\"type\":\"" type "\",\"sender\":\"0123456789abcdef\",\"nonce\":" NONCE ",\"sequence\":1"
#define HELLO(nat, candidates)                                                                 \
  HEAD("hello")                                                                                \
  ",\"role\":\"server\",\"fingerprint\":" WORD64 ",\"nat\":" nat ",\"candidates\":" candidates \
  ",\"strategies\":[]}"
#define CANDIDATE(fields) HELLO("{}", "[{\"type\":\"host\"," fields "}]")
#define DEEP16            "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"

static void
check_good(const char *text, FwdMessageType type)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdMessage) message = fwd_message_decode(text, &error);

  g_assert_no_error(error);
  g_assert_cmpint(message->type, ==, type);
}

static void
test_tolerant(void)
{
  check_good(HEAD("later") ",\"role\":7}", FWD_MESSAGE_UNKNOWN);
  check_good(HEAD("unknown") "}", FWD_MESSAGE_UNKNOWN);
  check_good(" " HEAD("bye") ",\"new\":{\"a\":[null,1e5,-0.5]}}\n", FWD_MESSAGE_BYE);
  check_good(HEAD("bye") ",\"new\":\"\\ud83d\\ude00\"}", FWD_MESSAGE_BYE);
  check_good(HELLO("{\"mapping\":\"quantum\",\"new\":1}", "[]"), FWD_MESSAGE_HELLO);
}

static void
test_unknown_candidate_type(void)
{
  g_autoptr(FwdMessage) message = fwd_message_decode(
      HELLO("{}", "[{\"type\":\"carrier-pigeon\",\"endpoint\":\"192.0.2.1:1\"}]"), NULL);

  g_assert_nonnull(message);
  g_assert_cmpuint(message->candidates->len, ==, 0);
}

typedef struct {
  const char *text, *fragment;
  FwdErrorCode code;
} Bad;

static const Bad bad[] = {
    {"", "not a JSON object"},
    {"[]", "not a JSON object"},
    {"var x = {}", "not a JSON object"},
    {"{", "is not a JSON object"},
    {"{}}", "not JSON at byte"},
    {"{}{}", "not JSON at byte"},
    {"{/**/}", "not JSON at byte"},
    {"{'type':'bye'}", "not JSON at byte"},
    {"{\"a\":0x10}", "not JSON at byte"},
    {"{\"a\":01}", "not JSON at byte"},
    {"{\"a\":12345678901234567}", "not JSON at byte"},
    {"{\"a\":1.}", "not JSON at byte"},
    {"{\"a\":NaN}", "not JSON at byte"},
    {"{\"a\":\"\\u0000\"}", "not JSON at byte"},
    {"{\"a\":\"\\ud800\"}", "not JSON at byte"},
    {"{\"a\":\"\\udc00\\ud800\"}", "not JSON at byte"},
    {"{\"a\":\"\\x\"}", "not JSON at byte"},
    {"{\"a\":\"\n\"}", "not JSON at byte"},
    {"{\"a\":\"", "not JSON at byte"},
    {"{\"a\":\"\xff\"}", "not UTF-8"},
    {"{\"a\":" DEEP16 "}", "nests deeper than 16", FWD_ERROR_LIMIT},
    {"{}", "type: is missing"},
    {"{\"type\":7}", "type: is not a string"},
    {"{\"type\":\"bye\"}", "sender: is missing"},
    {"{\"type\":\"bye\",\"sender\":\"0123456789ABCDEF\"}", "sender: is not of the right"},
    {"{\"type\":\"later\",\"sender\":\"0123456789abcde\"}", "sender: is not of the right"},
    {"{\"type\":\"bye\",\"sender\":\"0123456789abcdef\"}", "nonce: is missing"},
    {"{\"type\":\"bye\",\"sender\":\"0123456789abcdef\",\"nonce\":" NONCE "}",
     "sequence: is missing"},
    {"{\"type\":\"bye\",\"sender\":\"0123456789abcdef\",\"nonce\":" NONCE ",\"sequence\":0}",
     "sequence: is not within"},
    {"{\"type\":\"bye\",\"sender\":\"0123456789abcdef\",\"nonce\":" NONCE
     ",\"sequence\":9007199254740993}",
     "sequence: is not within"},
    {"{\"type\":\"bye\",\"sender\":\"0123456789abcdef\",\"nonce\":" NONCE ",\"sequence\":1.0}",
     "sequence: is not an integer"},
    {HEAD("bye") ",\"echo\":null}", "echo: is not a string"},
    {HEAD("bye") ",\"echo\":\"00\"}", "echo: is not of the right"},
    {HEAD("hello") "}", "role: is missing"},
    {HEAD("hello") ",\"role\":\"king\"}", "role: is neither"},
    {HEAD("hello") ",\"role\":\"client\"}", "fingerprint: is missing"},
    {HELLO("[]", "[]"), "nat: is not an object"},
    {HELLO("{\"udp_blocked\":1}", "[]"), "nat: udp_blocked: is neither"},
    {HELLO("{\"hairpinning\":\"yes\"}", "[]"), "nat: hairpinning"},
    {HELLO("{\"mapping\":1}", "[]"), "nat: mapping"},
    {HELLO("{\"ports\":\"\"}", "[]"), "nat: ports"},
    {HELLO("{\"port_delta\":65536}", "[]"), "nat: port_delta: is not within"},
    {HELLO("{\"port_spread\":-1}", "[]"), "nat: port_spread: is not within"},
    {HELLO("{\"lifetime\":86401}", "[]"), "nat: lifetime: is not within"},
    {HELLO("{\"public4\":\"[2001:db8::1]:1\"}", "[]"), "wrong address family"},
    {HELLO("{\"public6\":\"192.0.2.1:1\"}", "[]"), "wrong address family"},
    {HELLO("{}", "{}"), "candidates: is not an array"},
    {HELLO("{}", "[1]"), "candidates: has an element"},
    {HELLO("{}", "[{}]"), "candidates: type: is missing"},
    {HELLO("{}", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"),
     "candidates: has too many", FWD_ERROR_LIMIT},
    {CANDIDATE("\"endpoint\":\"example.org:1\""), "endpoint: is not ADDRESS:PORT"},
    {CANDIDATE("\"endpoint\":\"192.0.2.1:65536\""), "endpoint: is not ADDRESS:PORT"},
    {CANDIDATE("\"endpoint\":\"[fe80::1%lo]:1\""), "endpoint: is not ADDRESS:PORT"},
    {CANDIDATE("\"endpoint\":\"192.0.2.1:0\""), "of one host"},
    {CANDIDATE("\"endpoint\":\"0.0.0.0:1\""), "of one host"},
    {CANDIDATE("\"endpoint\":\"255.255.255.255:1\""), "of one host"},
    {CANDIDATE("\"endpoint\":\"[ff02::1]:1\""), "of one host"},
    {CANDIDATE("\"endpoint\":\"192.0.2.1:1\",\"prefix\":33"), "prefix: is not within"},
    {CANDIDATE("\"endpoint\":\"192.0.2.1:1\",\"base\":1"), "base: is not a string"},
    {HEAD("stop") "}", "strategies: is missing"},
    {HEAD("attempt") ",\"strategies\":[\"lan\"]}", "attempt: is missing"},
    {HEAD("attempt") ",\"attempt\":1,\"strategies\":[\"lan\"]}", "tunnel: is missing"},
    {HEAD("attempt") ",\"attempt\":1,\"tunnel\":0,\"strategies\":[\"lan\"]}", "tunnel"},
    {HEAD("attempt") ",\"attempt\":4294967296,\"tunnel\":1,\"strategies\":[\"lan\"]}",
     "attempt: is not with"},
    {HEAD("attempt") ",\"attempt\":1,\"tunnel\":1,\"strategies\":[]}", "strategies: is empty"},
    {HEAD("attempt") ",\"attempt\":1,\"tunnel\":1,\"strategies\":[\"lan\",\"LAN\"]}", "element 2"},
    {HEAD("attempt") ",\"attempt\":1,\"tunnel\":1,\"strategies\":[\"a23456789012345678901234\"]}",
     "element 1"},
    {HEAD("strategy") ",\"attempt\":1,\"tunnel\":1,\"strategy\":\"../x\",\"body\":1}", "strategy: is not a"},
    {HEAD("strategy") ",\"attempt\":1,\"tunnel\":1,\"strategy\":\"lan\"}", "body: is missing"},
    {HEAD("mappings") "}", "mappings: is missing"},
    {HEAD("mappings") ",\"mappings\":[\"tcp:1:2\",\"a\\nb\"]}", "mappings: element 2"},
    {HEAD("ports") ",\"mappings\":[\"\"]}", "mappings: element 1"},
};

static void
check_bad(const char *text, const char *fragment, FwdErrorCode code)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_message_decode(text, &error));
  g_test_message("%s", error->message);
  g_assert_error(error, FWD_MEETING_ERROR, (gint)code);
  g_assert_nonnull(strstr(error->message, fragment));
}

static void
test_bad(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
    check_bad(bad[i].text, bad[i].fragment, bad[i].code);
}

static void
check_limit(const char *format, gsize length, const char *fragment, FwdErrorCode code)
{
  g_auto(GStrv) parts = g_strsplit(format, "@", -1);
  g_autofree char *filler = g_strnfill(length, 'f');
  g_autofree char *longer_filler = g_strnfill(length + 1, 'f');
  g_autofree char *text = g_strjoinv(filler, parts);
  g_autofree char *longer = g_strjoinv(longer_filler, parts);
  g_autoptr(FwdMessage) message = fwd_message_decode(text, NULL);

  g_assert_nonnull(message);
  check_bad(longer, fragment, code);
}

/* At the limit it is taken; one byte more and it is not. */
static void
test_limits(void)
{
  /* The quotes count. */
  check_limit(HEAD("strategy") ",\"attempt\":1,\"tunnel\":1,\"strategy\":\"lan\",\"body\":\"@\"}",
              FWD_PROTOCOL_BODY_MAX - 2, "body: is too long", FWD_ERROR_LIMIT);
  check_limit(HEAD("mappings") ",\"mappings\":[\"@\"]}", FWD_PROTOCOL_MAPPING_TEXT_MAX,
              "mappings: element 1", FWD_ERROR_INVALID);
  check_limit(HEAD("bye") ",\"x\":\"@\"}", 12000 - strlen(HEAD("bye") ",\"x\":\"\"}"),
              "the message: is too long", FWD_ERROR_LIMIT);
}

static void
test_cut(void)
{
  static const char text[] = HELLO("{\"hops\":1}", "[]");

  for (gsize i = 0; i < sizeof text - 1; i++) {
    g_autofree char *cut = g_strndup(text, i);
    g_autoptr(GError) error = NULL;
    g_assert_null(fwd_message_decode(cut, &error));
    g_assert_nonnull(error);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/protocol/hello", test_hello);
  g_test_add_func("/protocol/hello/empty", test_hello_empty);
  g_test_add_func("/protocol/hello/scope-stays-home", test_scope_stays_home);
  g_test_add_func("/protocol/hello/unknown-candidate-type", test_unknown_candidate_type);
  g_test_add_func("/protocol/attempt", test_attempt);
  g_test_add_func("/protocol/stop", test_stop);
  g_test_add_func("/protocol/strategy", test_strategy);
  g_test_add_func("/protocol/mappings", test_mappings);
  g_test_add_func("/protocol/bye", test_bye);
  g_test_add_func("/protocol/tolerant", test_tolerant);
  g_test_add_func("/protocol/bad", test_bad);
  g_test_add_func("/protocol/limits", test_limits);
  g_test_add_func("/protocol/cut", test_cut);
  return g_test_run();
}
