/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A port that the router was asked to open: see portmap.md. */
#include "port-mapper.h"

#include <string.h>
#include <stunfwd/stunfwd.h>

#define INTERVAL_MS     50
#define LIMIT_MS        8000
#define BUDGET_PACKETS  400
#define BUDGET_MAPPINGS 8

/* Of what the peer says about itself, in bytes. */
#define REASON_MAX 200

/* Under which the mapper is kept for the session. */
#define KEY "udp"

#define FWD_TYPE_PORTMAP (fwd_portmap_get_type())
G_DECLARE_FINAL_TYPE(FwdPortmap, fwd_portmap, FWD, PORTMAP, GObject)

struct _FwdPortmap {
  GObject parent;
};

typedef struct {
  FwdAttempt *attempt;
  GObject *mapper; /* NULL: none is needed here */
  GCancellable *outer, *checks;
  gulong outer_handler;
  GSource *beginning;
  FwdEndpoint told; /* to the peer */
  char *why_none;   /* why there is no mapping here, once the peer was told */
  char *peer_none;  /* the peer's reason */
} Run;

static void fwd_portmap_strategy_init(FwdStrategyInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdPortmap, fwd_portmap, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_STRATEGY,
                                                    fwd_portmap_strategy_init))

static const FwdCandidate *
find_ipv4(const GArray *candidates, gboolean only_host)
{
  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *candidate = &g_array_index(candidates, FwdCandidate, i);
    if (fwd_endpoint_family(&candidate->base) == AF_INET &&
        (!only_host || candidate->type == FWD_CANDIDATE_HOST))
      return candidate;
  }
  return NULL;
}

static gboolean
fwd_portmap_can_attempt(FwdStrategy *self, FwdAttempt *attempt, char **why_not)
{
  const char *why = NULL;

  if (find_ipv4(fwd_attempt_get_local_candidates(attempt), TRUE) == NULL)
    why = "there is no IPv4 address here";
  else if (find_ipv4(fwd_attempt_get_remote_candidates(attempt), FALSE) == NULL)
    why = "the peer has no IPv4 address";
  else if (fwd_attempt_get_local_nat(attempt)->udp_blocked)
    why = "UDP is blocked here";
  else if (fwd_attempt_get_remote_nat(attempt)->udp_blocked)
    why = "UDP is blocked at the peer";
  *why_not = g_strdup(why);
  return why == NULL;
}

/* Endpoints come from messages and from the peer's checks, never from candidates. */
static gboolean
accepts_none(FwdAttempt *attempt, const FwdCandidate *remote)
{
  return FALSE;
}

static gboolean
is_public(const FwdEndpoint *endpoint)
{
  return !fwd_endpoint_is_private(endpoint) && !fwd_endpoint_is_link_local(endpoint) &&
         !fwd_endpoint_is_loopback(endpoint) && !fwd_endpoint_is_any(endpoint) &&
         !IN_MULTICAST(g_ntohl(endpoint->in4.sin_addr.s_addr));
}

static void
end_if_hopeless(Run *run)
{
  if (run->why_none != NULL && run->peer_none != NULL)
    g_cancellable_cancel(run->checks);
}

static void
send_text(Run *run, const char *key, const char *text)
{
  GVariantDict message;

  g_variant_dict_init(&message, NULL);
  g_variant_dict_insert(&message, key, "s", text);
  if (!fwd_attempt_send_message(run->attempt, g_variant_dict_end(&message)))
    fwd_attempt_note(run->attempt, "the peer could not be told");
}

static void
tell_none(Run *run, const char *why)
{
  if (run->why_none != NULL)
    return;
  run->why_none = g_strdup(why);
  run->told = (FwdEndpoint){0};
  fwd_attempt_note(run->attempt, "no mapping here: %s", why);
  send_text(run, "none", why);
  end_if_hopeless(run);
}

static void
tell_outside(Run *run, const FwdEndpoint *outside)
{
  char text[FWD_ENDPOINT_TEXT_MAX];
  g_autofree char *way = NULL;
  guint granted;

  if (fwd_endpoint_equal(outside, &run->told))
    return;
  g_object_get(run->mapper, "way", &way, "granted", &granted, NULL);
  run->told = *outside;
  g_clear_pointer(&run->why_none, g_free);
  fwd_endpoint_format(outside, text);
  fwd_attempt_note(run->attempt, "the router maps %s to this machine, by %s, for %u s", text,
                   way, granted);
  send_text(run, "mapped", text);
}

static void
advise(Run *run, const GError *error)
{
  g_autoptr(FwdEndpoint) gateway = NULL;
  g_autofree char *router = NULL;

  g_object_get(run->mapper, "gateway", &gateway, NULL);
  if (gateway == NULL)
    return;
  router = fwd_endpoint_address_to_string(gateway);
  if (g_error_matches(error, FWD_STRATEGY_ERROR, FWD_ERROR_DENIED))
    fwd_attempt_advise(run->attempt,
                       "allow port mapping (UPnP or NAT-PMP) to this machine at the router %s",
                       router);
  else if (g_error_matches(error, FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE))
    fwd_attempt_advise(run->attempt, "turn on UPnP or NAT-PMP at the router %s", router);
  else if (g_error_matches(error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED))
    fwd_attempt_advise(run->attempt,
                       "ask the provider for a public address: that of the router %s is not",
                       router);
}

static void
look_at_mapper(Run *run)
{
  guint state;
  g_autoptr(FwdEndpoint) outside = NULL;
  g_autoptr(GError) error = NULL;

  g_object_get(run->mapper, "state", &state, "outside", &outside, "error", &error, NULL);
  if (state == FWD_PORT_MAPPER_MAPPED) {
    tell_outside(run, outside);
  } else if (state == FWD_PORT_MAPPER_FAILED && run->why_none == NULL) {
    tell_none(run, error->message);
    advise(run, error);
  }
}

static void
on_mapper(GObject *mapper, GParamSpec *spec, Run *run)
{
  look_at_mapper(run);
}

/* With what STUN servers have told meanwhile: a mapping that leads elsewhere is useless. */
static void
on_candidates(FwdAttempt *attempt, Run *run)
{
  const FwdNatReport *nat = fwd_attempt_get_local_nat(attempt);

  if (run->mapper != NULL)
    g_signal_emit_by_name(run->mapper, "refresh",
                          fwd_endpoint_family(&nat->public4) == AF_INET ? &nat->public4 : NULL);
}

/* NULL when this side needs none. */
static GObject *
find_mapper(FwdAttempt *attempt)
{
  GObject *kept = fwd_attempt_get_kept(attempt, KEY);
  const FwdCandidate *host = find_ipv4(fwd_attempt_get_local_candidates(attempt), TRUE);

  if (kept == NULL && host != NULL &&
      fwd_attempt_get_local_nat(attempt)->mapping != FWD_NAT_NONE) {
    kept = G_OBJECT(fwd_port_mapper_new(FALSE, fwd_endpoint_port(&host->base)));
    fwd_attempt_keep(attempt, KEY, kept);
  }
  return kept != NULL ? g_object_ref(kept) : NULL;
}

/* On a turn of its own, so that the peer's strategy may start on the same one. */
static gboolean
begin(gpointer user_data)
{
  Run *run = user_data;

  run->mapper = find_mapper(run->attempt);
  if (run->mapper == NULL) {
    tell_none(run, "there is no NAT here");
    return G_SOURCE_REMOVE;
  }
  on_candidates(run->attempt, run);
  g_signal_connect(run->mapper, "notify", G_CALLBACK(on_mapper), run);
  look_at_mapper(run);
  return G_SOURCE_REMOVE;
}

static gboolean
read_mapped(GVariant *message, FwdEndpoint *endpoint)
{
  const char *text;

  return g_variant_lookup(message, "mapped", "&s", &text) &&
         strlen(text) < FWD_ENDPOINT_TEXT_MAX && fwd_endpoint_parse(text, endpoint, NULL) &&
         fwd_endpoint_family(endpoint) == AF_INET && fwd_endpoint_port(endpoint) != 0 &&
         is_public(endpoint);
}

/* It is shown to people: one line, and not too long. */
static char *
read_none(GVariant *message)
{
  const char *text;
  char *reason;

  if (!g_variant_lookup(message, "none", "&s", &text))
    return NULL;
  reason = g_strndup(text, REASON_MAX);
  for (char *c = reason; *c != '\0'; c++)
    if (!g_ascii_isprint(*c))
      *c = '?';
  return reason;
}

static void
on_message(FwdAttempt *attempt, GVariant *message, Run *run)
{
  FwdEndpoint endpoint;
  char text[FWD_ENDPOINT_TEXT_MAX];

  if (!g_variant_is_of_type(message, G_VARIANT_TYPE_VARDICT))
    return;
  if (read_mapped(message, &endpoint)) {
    g_clear_pointer(&run->peer_none, g_free);
    if (fwd_check_list_add(attempt, &endpoint))
      fwd_attempt_note(attempt, "the peer's router maps %s to it",
                       fwd_endpoint_format(&endpoint, text));
  } else if (run->peer_none == NULL) {
    run->peer_none = read_none(message);
    if (run->peer_none != NULL)
      fwd_attempt_note(attempt, "no mapping at the peer: %s", run->peer_none);
    end_if_hopeless(run);
  }
}

/*
 * Through the mapping of ours, most likely: what comes back from there leaves
 * through it as well. Private endpoints are the business of the strategy "lan".
 */
static void
on_challenged(FwdAttempt *attempt, const FwdEndpoint *remote, Run *run)
{
  char text[FWD_ENDPOINT_TEXT_MAX];

  if (fwd_endpoint_port(&run->told) != 0 && fwd_endpoint_family(remote) == AF_INET &&
      is_public(remote) && fwd_check_list_add(attempt, remote))
    fwd_attempt_note(attempt, "a check of the peer came from %s",
                     fwd_endpoint_format(remote, text));
}

static void
on_cancelled(GCancellable *outer, GCancellable *checks)
{
  g_cancellable_cancel(checks);
}

static Run *
run_new(FwdAttempt *attempt, GCancellable *cancellable)
{
  Run *run = g_new0(Run, 1);

  run->attempt = g_object_ref(attempt);
  run->checks = g_cancellable_new();
  g_set_object(&run->outer, cancellable);
  if (run->outer)
    run->outer_handler = g_cancellable_connect(run->outer, G_CALLBACK(on_cancelled),
                                               g_object_ref(run->checks), g_object_unref);
  run->beginning = g_idle_source_new();
  g_source_set_callback(run->beginning, begin, run, NULL);
  g_signal_connect(attempt, "message", G_CALLBACK(on_message), run);
  g_signal_connect(attempt, "challenged", G_CALLBACK(on_challenged), run);
  g_signal_connect(attempt, "candidates", G_CALLBACK(on_candidates), run);
  return run;
}

/* Nothing of the run is heard of afterwards. */
static void
stop(Run *run)
{
  g_source_destroy(run->beginning);
  g_signal_handlers_disconnect_by_data(run->attempt, run);
  if (run->mapper != NULL)
    g_signal_handlers_disconnect_by_data(run->mapper, run);
  g_cancellable_disconnect(run->outer, run->outer_handler);
}

static void
run_free(Run *run)
{
  g_source_unref(run->beginning);
  g_clear_object(&run->mapper);
  g_clear_object(&run->outer);
  g_object_unref(run->checks);
  g_object_unref(run->attempt);
  g_free(run->why_none);
  g_free(run->peer_none);
  g_free(run);
}

static void
on_checks_ended(GObject *attempt, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Run *run = g_task_get_task_data(task);
  GError *error = NULL;
  FwdPath *path = fwd_check_list_run_finish(FWD_ATTEMPT(attempt), result, &error);

  stop(run);
  if (path != NULL) {
    g_task_return_pointer(task, path, (GDestroyNotify)fwd_path_close);
  } else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) &&
             !g_cancellable_is_cancelled(run->outer)) {
    g_error_free(error);
    g_task_return_new_error(task, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED,
                            "no mapping at either end; here: %s; at the peer: %s",
                            run->why_none, run->peer_none);
  } else {
    g_task_return_error(task, error);
  }
}

static void
fwd_portmap_attempt_async(FwdStrategy *self, FwdAttempt *attempt, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  const FwdCheckListConfig config = {
      .accepts = accepts_none,
      .patient = TRUE,
      .interval_ms = INTERVAL_MS,
      .limit_ms = LIMIT_MS,
      .budget_checks = BUDGET_PACKETS,
      .budget_endpoints = BUDGET_MAPPINGS,
  };
  g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
  Run *run;

  g_task_set_source_tag(task, fwd_portmap_attempt_async);
  g_task_set_name(task, "stunfwd portmap");
  if (g_task_return_error_if_cancelled(task))
    return;
  run = run_new(attempt, cancellable);
  g_task_set_task_data(task, run, (GDestroyNotify)run_free);
  fwd_check_list_run_async(attempt, &config, run->checks, on_checks_ended, g_object_ref(task));
  g_source_attach(run->beginning, g_task_get_context(task));
}

static FwdPath *
fwd_portmap_attempt_finish(FwdStrategy *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, self), NULL);

  return g_task_propagate_pointer(G_TASK(result), error);
}

static void
fwd_portmap_strategy_init(FwdStrategyInterface *iface)
{
  iface->can_attempt = fwd_portmap_can_attempt;
  iface->attempt_async = fwd_portmap_attempt_async;
  iface->attempt_finish = fwd_portmap_attempt_finish;
}

static void
fwd_portmap_class_init(FwdPortmapClass *klass)
{
}

static void
fwd_portmap_init(FwdPortmap *self)
{
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {
      .priority = 25,
      .path_class = FWD_PATH_CLASS_P2P,
      .limit_ms = LIMIT_MS,
      .budget_packets = BUDGET_PACKETS,
      .budget_mappings = BUDGET_MAPPINGS,
      .help = "a port that the router was asked to open (PCP, NAT-PMP or UPnP)",
  };

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_STRATEGY, "portmap", FWD_TYPE_PORTMAP,
                                 &meta, error);
}

FWD_PLUGIN("portmap", "0.1.0", "LGPL-2.1-or-later", register_types)
