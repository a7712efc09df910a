/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Runs the measurements that need sockets of their own (net/nat-survey.h,
 * net/nat-lifetime.h and the tests of filtering) on the main loop. Belongs to a discovery. Main
 * thread only.
 */
#pragma once

#include "net/nat-lifetime.h"
#include "net/nat-survey.h"

typedef struct FwdMeasurement FwdMeasurement;

typedef struct {
  /** A datagram came to a socket of fwd_measurement_send_fresh(). */
  void (*received)(const FwdEndpoint *from, const guint8 *data, gsize length,
                   gpointer user_data);
  /** The survey is over. It may not free the measurement. */
  void (*surveyed)(const FwdNatSurveyResult *result, gpointer user_data);
  /** As fwd_nat_lifetime_new() tells it. It may not free the measurement. */
  void (*lifetime)(guint seconds, gboolean is_final, gpointer user_data);
} FwdMeasurementEvents;

FwdMeasurement *fwd_measurement_new(const FwdMeasurementEvents *events, gpointer user_data);
/** Not from within an event. */
void fwd_measurement_free(FwdMeasurement *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdMeasurement, fwd_measurement_free)

/** Sends from a socket of @to's family that is used for nothing else. */
void fwd_measurement_send_fresh(FwdMeasurement *self, const FwdEndpoint *to, const guint8 *data,
                                gsize length);

/** Begins the survey with @server, of IPv4; later calls do nothing. */
void fwd_measurement_survey(FwdMeasurement *self, const FwdEndpoint *server);
/** Begins to measure the lifetime with @server, of IPv4; later calls do nothing. */
void fwd_measurement_lifetime(FwdMeasurement *self, const FwdEndpoint *server);
/** Whether the survey has begun and is not over. */
gboolean fwd_measurement_is_surveying(const FwdMeasurement *self);
