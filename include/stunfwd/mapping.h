/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A mapping says which local port leads to which remote target, and counts
 * what goes through it. Immutable but for its counters; reference counted.
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * Counters of one mapping. Written by the data-loop and read by the main
 * thread, both with relaxed atomics: plain loads and stores on every machine
 * that matters. Each field has one writer at a time.
 */
typedef struct {
  gatomicrefcount references;
  guint64 connections; /**< open now: TCP connections or UDP flows */
  guint64 total;       /**< opened since the start */
  guint64 bytes_in;    /**< from the peer to the local application */
  guint64 bytes_out;   /**< from the local application to the peer */
  guint64 errors;
} FwdTraffic;

FwdTraffic *fwd_traffic_new(void);
FwdTraffic *fwd_traffic_ref(FwdTraffic *traffic);
void fwd_traffic_unref(FwdTraffic *traffic);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdTraffic, fwd_traffic_unref)

#define fwd_traffic_add(traffic, field, amount)                                                \
  __atomic_fetch_add(&(traffic)->field, (amount), __ATOMIC_RELAXED)
#define fwd_traffic_get(traffic, field) __atomic_load_n(&(traffic)->field, __ATOMIC_RELAXED)

typedef struct _FwdMapping FwdMapping;

#define FWD_TYPE_MAPPING (fwd_mapping_get_type())
GType fwd_mapping_get_type(void);

/**
 * Reads one MAPPING of the command line ("tcp:8080:22", "udp:5000:10.0.0.9:53",
 * "tcp:[::1]:8080:22", "R:tcp:8080:3000", "unix:/run/a.sock:/run/b.sock"...). A
 * range of ports gives several mappings. Returns an array that owns them
 * (transfer full). Errors: FWD_ERROR_INVALID in FWD_SETTINGS_ERROR, which
 * names the text and the part of it that is wrong.
 */
GPtrArray *fwd_mapping_parse(const char *text, GError **error);

FwdMapping *fwd_mapping_ref(FwdMapping *mapping);
void fwd_mapping_unref(FwdMapping *mapping);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdMapping, fwd_mapping_unref)

/** One mapping in its canonical text, by which two mappings are compared. */
const char *fwd_mapping_to_string(const FwdMapping *mapping);
/** Id of the forwarder that listens: "tcp", "udp", "unix"... */
const char *fwd_mapping_get_forwarder(const FwdMapping *mapping);
/** Id of the forwarder that serves at the other end; the same unless mixed. */
const char *fwd_mapping_get_target_forwarder(const FwdMapping *mapping);
/** Numeric address to bind to, "127.0.0.1" by default; a path for "unix". */
const char *fwd_mapping_get_bind(const FwdMapping *mapping);
guint16 fwd_mapping_get_port(const FwdMapping *mapping);
/** "HOST:PORT", "[V6]:PORT" or a path: what the serving forwarder is given. */
const char *fwd_mapping_get_target(const FwdMapping *mapping);
/** Whether the server peer listens and the client peer serves. */
gboolean fwd_mapping_is_reverse(const FwdMapping *mapping);
/** (transfer none) */
FwdTraffic *fwd_mapping_get_traffic(const FwdMapping *mapping);

G_END_DECLS
