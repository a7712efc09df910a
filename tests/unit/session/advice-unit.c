/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/advice.h"

#include <string.h>

typedef struct {
  FwdNatReport here, there;
  FwdAdviceEnd own, theirs;
  FwdStory *story, *their_story;
} Fixture;

static void
set_public(FwdNatReport *nat, const char *address)
{
  g_assert_true(fwd_endpoint_parse(address, &nat->public4, NULL));
}

/* Two ends behind kind NATs, that know where they are, and have done nothing yet. */
static void
set_up(Fixture *fixture, gconstpointer data)
{
  const FwdNatReport cone = {.mapping = FWD_NAT_ENDPOINT_INDEPENDENT,
                             .filtering = FWD_NAT_ADDRESS_AND_PORT_DEPENDENT,
                             .ports = FWD_PORTS_PRESERVED};

  fixture->here = fixture->there = cone;
  set_public(&fixture->here, "192.0.2.1:1000");
  set_public(&fixture->there, "198.51.100.1:2000");
  fixture->own.nat = &fixture->here;
  fixture->theirs.nat = &fixture->there;
  fixture->story = fwd_story_new();
  fixture->their_story = fwd_story_new();
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  fwd_story_free(fixture->story);
  fwd_story_free(fixture->their_story);
}

static const FwdAdvicePaths none = {0}, relayed = {.any = TRUE},
                            direct = {.direct = TRUE, .any = TRUE};

/* All advice, separated by " | ". */
static char *
advise(const Fixture *fixture, FwdAdvicePaths paths)
{
  g_autoptr(GPtrArray) lines = fwd_advice_derive(&fixture->own, &fixture->theirs, paths);

  for (guint i = 0; i < lines->len; i++)
    g_assert_null(strchr(lines->pdata[i], '\n'));
  g_ptr_array_add(lines, NULL);
  return g_strjoinv(" | ", (char **)lines->pdata);
}

static void
check(const Fixture *fixture, FwdAdvicePaths paths, const char *expected)
{
  g_autofree char *advice = advise(fixture, paths);

  g_assert_cmpstr(advice, ==, expected);
}

static void
tell_stories(Fixture *fixture)
{
  fixture->own.story = fixture->story;
  fixture->theirs.story = fixture->their_story;
}

static void
test_nothing_to_say(Fixture *fixture, gconstpointer data)
{
  check(fixture, none, "");
  check(fixture, relayed, "");
}

/* Whatever is wrong with the NATs: a direct path needs no help. */
static void
test_direct(Fixture *fixture, gconstpointer data)
{
  fixture->here.udp_blocked = fixture->there.udp_blocked = TRUE;
  fixture->own.no_stun_server = TRUE;
  tell_stories(fixture);
  check(fixture, direct, "");
}

static void
test_udp_blocked(Fixture *fixture, gconstpointer data)
{
  fixture->here.udp_blocked = TRUE;
  check(fixture, relayed, "UDP to every STUN server is lost: blocked by a firewall here");
  fixture->there.udp_blocked = TRUE;
  check(fixture, relayed,
        "UDP to every STUN server is lost: blocked by a firewall here | "
        "UDP to every STUN server is lost: blocked by a firewall at the peer");
  fixture->here.udp_blocked = FALSE;
  check(fixture, relayed,
        "UDP to every STUN server is lost: blocked by a firewall at the peer");
}

/* Nobody was asked, so nobody has blocked anything. */
static void
test_no_stun_server(Fixture *fixture, gconstpointer data)
{
  fixture->own.no_stun_server = TRUE;
  fixture->here.udp_blocked = TRUE;
  check(fixture, relayed,
        "no STUN server is configured or reachable by name: name one with --stun");
}

static void
test_peer_without_address(Fixture *fixture, gconstpointer data)
{
  fixture->there.public4 = (FwdEndpoint){0};
  check(fixture, relayed,
        "the peer does not know its public address: it needs a STUN server that it can reach");
  g_assert_true(fwd_endpoint_parse("[2001:db8::1]:5", &fixture->there.public6, NULL));
  check(fixture, relayed, "");
}

static void
set_symmetric(FwdNatReport *nat, FwdPortPattern ports)
{
  nat->mapping = FWD_NAT_ADDRESS_AND_PORT_DEPENDENT;
  nat->ports = ports;
}

#define HELPS                                                                                  \
  "a port mapping (UPnP, NAT-PMP or PCP) at either router, or a TURN server, would help"

static void
test_symmetric(Fixture *fixture, gconstpointer data)
{
  set_symmetric(&fixture->here, FWD_PORTS_RANDOM);
  check(fixture, relayed, "");
  set_symmetric(&fixture->there, FWD_PORTS_RANDOM);
  check(fixture, relayed, "both NATs choose ports at random: " HELPS);
  set_symmetric(&fixture->there, FWD_PORTS_SEQUENTIAL);
  check(fixture, relayed,
        "the NAT here chooses ports at random, and that of the peer takes another one for each "
        "destination: " HELPS);
  set_symmetric(&fixture->here, FWD_PORTS_SEQUENTIAL);
  check(fixture, relayed, "both NATs take another port for each destination: " HELPS);
  set_symmetric(&fixture->there, FWD_PORTS_RANDOM);
  check(fixture, relayed,
        "the NAT of the peer chooses ports at random, and the one here takes another one for "
        "each destination: " HELPS);
}

/* Ports at random matter only where each destination gets another one. */
static void
test_random_ports_of_a_cone(Fixture *fixture, gconstpointer data)
{
  fixture->here.ports = fixture->there.ports = FWD_PORTS_RANDOM;
  check(fixture, relayed, "");
}

static void
test_hairpinning(Fixture *fixture, gconstpointer data)
{
  set_public(&fixture->there, "192.0.2.1:2000");
  check(fixture, relayed, "");
  fixture->there.hairpinning = FWD_ANSWER_NO;
  check(fixture, relayed,
        "both ends share a public address, and the router does not lead packets back inside "
        "(hairpinning): a way between their private addresses would help");
  set_public(&fixture->there, "192.0.2.2:2000");
  check(fixture, relayed, "");
}

static void
fail(FwdStory *story, guint sent)
{
  fwd_story_end(story, "punch", FWD_OUTCOME_FAILED, 10000, sent, "no answer", NULL, NULL);
}

#define MAY_DROP                                                                               \
  "both ends have sent checks and none got through, though these NATs allow it: a firewall "   \
  "between them may drop UDP"

static void
test_checks_that_are_lost(Fixture *fixture, gconstpointer data)
{
  tell_stories(fixture);
  fail(fixture->story, 12);
  check(fixture, relayed, "");
  fail(fixture->their_story, 11);
  check(fixture, relayed, MAY_DROP);
  fixture->here.udp_blocked = TRUE;
  check(fixture, relayed, "UDP to every STUN server is lost: blocked by a firewall here");
}

/* Between two such NATs checks are lost for a reason that is told already. */
static void
test_checks_that_must_be_lost(Fixture *fixture, gconstpointer data)
{
  tell_stories(fixture);
  fail(fixture->story, 12);
  fail(fixture->their_story, 11);
  set_symmetric(&fixture->here, FWD_PORTS_RANDOM);
  set_symmetric(&fixture->there, FWD_PORTS_RANDOM);
  check(fixture, relayed, "both NATs choose ports at random: " HELPS);
}

static void
test_nothing_tried(Fixture *fixture, gconstpointer data)
{
  tell_stories(fixture);
  fwd_story_skip(fixture->story, "punch", "no radio");
  check(fixture, none,
        "no strategy could be tried: see why at each of them, or install more plugins");
  fwd_story_begin(fixture->their_story, "punch", 1);
  check(fixture, none, "");
}

static void
test_no_relay(Fixture *fixture, gconstpointer data)
{
  tell_stories(fixture);
  fail(fixture->story, 0);
  check(fixture, none,
        "not even a relay was found: turn it on at the signaling server, or configure a TURN "
        "server");
  check(fixture, relayed, "");
  fwd_story_end(fixture->story, "relay", FWD_OUTCOME_SUCCEEDED, 1, 0, "it works", NULL, NULL);
  check(fixture, none, "");
}

#define ADD(name, test) g_test_add("/advice/" name, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("nothing-to-say", test_nothing_to_say);
  ADD("direct", test_direct);
  ADD("udp-blocked", test_udp_blocked);
  ADD("no-stun-server", test_no_stun_server);
  ADD("peer-without-address", test_peer_without_address);
  ADD("symmetric", test_symmetric);
  ADD("random-ports-of-a-cone", test_random_ports_of_a_cone);
  ADD("hairpinning", test_hairpinning);
  ADD("checks-that-are-lost", test_checks_that_are_lost);
  ADD("checks-that-must-be-lost", test_checks_that_must_be_lost);
  ADD("nothing-tried", test_nothing_tried);
  ADD("no-relay", test_no_relay);
  return g_test_run();
}
