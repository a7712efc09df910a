/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Asks several STUN servers over TCP, from one local port, where they see it. Main thread. */
#pragma once

#include <stunfwd/endpoint.h>

/** Servers that are asked; further ones are left out. */
#define FWD_TCP_SURVEY_SERVERS_MAX 4

typedef struct FwdTcpSurvey FwdTcpSurvey;

/**
 * Each answer is told, and the server that gave it; both are NULL once, when there
 * is none within the limit or none can come. May free the survey.
 */
typedef void (*FwdTcpSurveyFunc)(FwdTcpSurvey *survey, const FwdEndpoint *seen,
                                 const FwdEndpoint *server, gpointer user_data);

/** @servers is of FwdEndpoint; those of another family than @local are left out. */
FwdTcpSurvey *fwd_tcp_survey_new(const FwdEndpoint *local, const GArray *servers,
                                 guint limit_ms, FwdTcpSurveyFunc func, gpointer user_data);
/** The connections are held until now: while they are open, so is the port at the NAT. */
void fwd_tcp_survey_free(FwdTcpSurvey *self);
