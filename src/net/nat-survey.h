/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What a number of fresh sockets tell about a NAT: how it chooses ports, whether
 * it hairpins (RFC 5780, 4.5), how many hops it is away. Each socket makes one
 * mapping, to one STUN server. Passive: sends through a function, is told what
 * arrives, time is a parameter (microseconds, monotonic). One thread.
 */
#pragma once

#include "port-allocation.h"

/** Sockets of a survey: as many samples of ports, and one hop less that can be told. */
#define FWD_NAT_SURVEY_SOCKETS 8

typedef struct FwdNatSurvey FwdNatSurvey;

/** What was not measured is UNKNOWN or 0. */
typedef struct {
  FwdPortAllocation ports;
  FwdAnswer hairpinning;
  guint hops; /**< to the last router with a private address: the outermost NAT of one's own */
  guint public_addresses;
} FwdNatSurveyResult;

typedef struct {
  /** @hops: TTL of the packet, 0 for the usual one. */
  void (*send)(guint socket, guint hops, const FwdEndpoint *to, const guint8 *data,
               gsize length, gpointer user_data);
  /** Called once, never from fwd_nat_survey_new(); it may free the survey. */
  void (*done)(const FwdNatSurveyResult *result, gpointer user_data);
} FwdNatSurveyEvents;

/**
 * @server: a STUN server, known to answer. @ports: the local ports of the
 * FWD_NAT_SURVEY_SOCKETS sockets. The survey takes a round trip and 0.7 s.
 */
FwdNatSurvey *
fwd_nat_survey_new(const FwdEndpoint *server, const guint16 *ports,
                   const FwdNatSurveyEvents *events, gpointer user_data, gint64 now);
void fwd_nat_survey_free(FwdNatSurvey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdNatSurvey, fwd_nat_survey_free)

/** Takes any datagram that came to @socket. */
void fwd_nat_survey_receive(FwdNatSurvey *survey, guint socket, const FwdEndpoint *from,
                            const guint8 *data, gsize length, gint64 now);
/** A router said that a packet of @socket was out of hops. */
void fwd_nat_survey_expired(FwdNatSurvey *survey, guint socket, const FwdEndpoint *router);

/** When fwd_nat_survey_tick() is next due; G_MAXINT64 after the result. */
gint64 fwd_nat_survey_deadline(const FwdNatSurvey *survey);
void fwd_nat_survey_tick(FwdNatSurvey *survey, gint64 now);
