/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * An attempt whose checks travel through a fake network. Two of them are the
 * two peers of a strategy's test, which reads and sets the fields.
 */
#pragma once

#include "fake-network.h"
#include <stunfwd/attempt.h>

#define FAKE_TYPE_ATTEMPT (fake_attempt_get_type())
G_DECLARE_FINAL_TYPE(FakeAttempt, fake_attempt, FAKE, ATTEMPT, FwdAttempt)

typedef struct {
  guint8 transaction[FWD_CHECK_TRANSACTION_SIZE];
  FwdEndpoint to;
  gint64 sent; /* microseconds */
} FakeCheck;

struct _FakeAttempt {
  FwdAttempt parent;

  FakeSite *site;
  FakeAttempt *peer; /* weak */
  gboolean controlling;
  GArray *local, *remote; /* of FwdCandidate */
  FwdNatReport local_nat, remote_nat;
  const char *signaling_url;
  GPtrArray *story;  /* lines of fwd_attempt_note() */
  GPtrArray *advice; /* lines of fwd_attempt_advise() */
  GArray *stun;      /* of FwdEndpoint */
  GPtrArray *turn;   /* of FwdTurnServer, which the test owns */
  GHashTable *kept;  /* GObject by key */
  GArray *pending;   /* FakeCheck, those without an answer */

  GPtrArray *sockets; /* of FakeSocket, those that the strategy opened */
  guint sockets_max;  /* so many can be open at a time */

  guint sent;                /* checks and queries that left, and those that could not */
  guint first_ttl, last_ttl; /* of checks from the shared socket; first_ttl G_MAXUINT: none */
  guint failing;             /* so many of the next checks cannot be sent; G_MAXUINT: all */
  gboolean finished;         /* set by the test: the strategy has ended */
  guint sent_too_late;       /* checks sent after that */
};

FakeAttempt *fake_attempt_new(FakeSite *site, gboolean controlling);

/** A host candidate that answers, in a network of @prefix_length. */
void fake_attempt_add_host(FakeAttempt *self, const char *endpoint, guint prefix_length);
/** A candidate with nothing behind it. */
void fake_attempt_add_dead(FakeAttempt *self, FwdCandidateType type, const char *endpoint,
                           guint prefix_length);
/** The server-reflexive candidates that a STUN server would give. */
void fake_attempt_add_reflexive(FakeAttempt *self);

/** Tells each of the two what the other has, as hello does. */
void fake_attempt_introduce(FakeAttempt *self, FakeAttempt *peer);

/** Whether some line of the story holds @text. */
gboolean fake_attempt_has_noted(FakeAttempt *self, const char *text);

/** Sockets of the strategy's own that it has not closed. */
guint fake_attempt_count_open_sockets(FakeAttempt *self);

/** NAT table entries made for all hosts and sockets of this peer. */
guint fake_attempt_count_mappings(FakeAttempt *self);
