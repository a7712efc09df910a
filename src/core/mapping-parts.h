/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What a mapping is made of, between the parser of its text and the object.
 * Any thread.
 */
#pragma once

#include <stunfwd/mapping.h>

/** Most bytes in the text of a mapping. */
#define FWD_MAPPING_TEXT_MAX 1024
/** Most mappings that one range of ports makes. */
#define FWD_MAPPING_RANGE_MAX 1024
/** Longest path of a unix socket: sun_path less its final zero. */
#define FWD_MAPPING_PATH_MAX 107

#define FWD_MAPPING_DEFAULT_BIND "127.0.0.1"
#define FWD_MAPPING_DEFAULT_HOST "localhost"

typedef struct {
  gboolean reverse;
  const char *forwarder;        /**< static */
  const char *bind;             /**< numeric, without brackets; a path for "unix" */
  guint16 port;                 /**< unused for "unix" */
  const char *target_forwarder; /**< static */
  const char *host;             /**< without brackets; a path for "unix"; NULL: no target */
  guint16 target_port;          /**< unused for "unix" */
} FwdMappingParts;

/** Copies @parts (transfer full). */
FwdMapping *fwd_mapping_new(const FwdMappingParts *parts);
