/* SPDX-License-Identifier: MIT-0 */
/*
 * A strategy of one's own: the server's owner has opened a UDP port by hand in
 * the router, with the same number outside as inside. So the client sends to
 * the server's public address at the port of the server's own candidate, or
 * wherever EXAMPLE_REMOTE says. The comments tell what each part is for.
 */
#include <gio/gio.h>
#include <stunfwd/stunfwd.h>

#define INTERVAL_MS 200
#define LIMIT_MS    5000

/* 1. A strategy is a GObject with the interface FwdStrategy. The host makes one
 *    object for each attempt, so the attempt's state may live in it. */

#define EXAMPLE_TYPE_KNOWN_PORT (example_known_port_get_type())
G_DECLARE_FINAL_TYPE(ExampleKnownPort, example_known_port, EXAMPLE, KNOWN_PORT, GObject)

struct _ExampleKnownPort {
  GObject parent;

  GTask *task; /* NULL while no attempt runs */
  FwdAttempt *attempt;
  FwdEndpoint endpoint;
  gboolean known; /* whether there is an endpoint to send to */
  guint left;     /* checks before giving up */
  GSource *timer, *cancelled;
};

static void strategy_init(FwdStrategyInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(ExampleKnownPort, example_known_port, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_STRATEGY, strategy_init))

/* 2. Where to send. What the peer told of itself is in its NAT report and in
 *    its candidates; both may still grow while the attempt runs. */

static gboolean
find_endpoint(FwdAttempt *attempt, FwdEndpoint *endpoint)
{
  const char *told = g_getenv("EXAMPLE_REMOTE");
  const GArray *candidates = fwd_attempt_get_remote_candidates(attempt);

  if (told != NULL)
    return fwd_endpoint_parse(told, endpoint, NULL);
  *endpoint = fwd_attempt_get_remote_nat(attempt)->public4;
  if (fwd_endpoint_family(endpoint) != AF_INET)
    return FALSE;
  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *candidate = &g_array_index(candidates, FwdCandidate, i);
    if (candidate->type != FWD_CANDIDATE_HOST ||
        fwd_endpoint_family(&candidate->endpoint) != AF_INET)
      continue;
    fwd_endpoint_set_port(endpoint, fwd_endpoint_port(&candidate->endpoint));
    return TRUE;
  }
  return FALSE;
}

/* 3. can_attempt sends nothing. Its "why not" is what `stunfwd explain` shows:
 *    one clause that a person understands. The server only waits. */

static gboolean
can_attempt(FwdStrategy *self, FwdAttempt *attempt, char **why_not)
{
  FwdEndpoint endpoint;

  if (!fwd_attempt_is_controlling(attempt) || find_endpoint(attempt, &endpoint))
    return TRUE;
  *why_not = g_strdup("the server's public address is not known");
  return FALSE;
}

/* 4. The attempt is a GTask, and whichever way it ends, it ends here: all that
 *    could call back later, two signals and two sources, is cut off first. */

static void
drop_source(GSource **source)
{
  if (*source != NULL)
    g_source_destroy(*source);
  g_clear_pointer(source, g_source_unref);
}

static void
end(ExampleKnownPort *self, FwdPath *path, GError *error)
{
  g_autoptr(GTask) task = g_steal_pointer(&self->task);

  g_signal_handlers_disconnect_by_data(self->attempt, self);
  drop_source(&self->timer);
  drop_source(&self->cancelled);
  g_clear_object(&self->attempt);
  if (path != NULL)
    g_task_return_pointer(task, path, (GDestroyNotify)fwd_path_close);
  else
    g_task_return_error(task, error);
}

/* Our check was answered: the packets pass both ways, and that is a path. */
static void
on_checked(FwdAttempt *attempt, const FwdEndpoint *remote, guint rtt_us, ExampleKnownPort *self)
{
  if (self->known && fwd_endpoint_equal(remote, &self->endpoint))
    end(self, fwd_attempt_create_udp_path(attempt, remote, rtt_us), NULL);
}

/* A check of the peer has come in from there, so there is where to send. */
static void
on_challenged(FwdAttempt *attempt, const FwdEndpoint *remote, ExampleKnownPort *self)
{
  if (!self->known)
    fwd_attempt_note(attempt, "the client has found the port");
  self->endpoint = *remote;
  self->known = TRUE;
}

static gboolean
on_timer(gpointer user_data)
{
  ExampleKnownPort *self = user_data;

  if (self->left-- == 0)
    end(self, NULL,
        g_error_new_literal(FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT,
                            "nobody answered at the known port"));
  else if (self->known)
    fwd_attempt_send_check(self->attempt, &self->endpoint, 0);
  return G_SOURCE_CONTINUE;
}

/* Another strategy has won, or the program ends: stop at once. */
static gboolean
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
  end(user_data, NULL, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled"));
  return G_SOURCE_CONTINUE;
}

static GSource *
attach(ExampleKnownPort *self, GSource *source, GSourceFunc callback)
{
  g_source_set_callback(source, callback, self, NULL);
  g_source_attach(source, g_task_get_context(self->task));
  return source;
}

static void
attempt_async(FwdStrategy *strategy, FwdAttempt *attempt, GCancellable *cancellable,
              GAsyncReadyCallback callback, gpointer user_data)
{
  ExampleKnownPort *self = EXAMPLE_KNOWN_PORT(strategy);
  char text[FWD_ENDPOINT_TEXT_MAX];

  /* The task keeps the strategy alive until its callback has run. */
  self->task = g_task_new(self, cancellable, callback, user_data);
  self->attempt = g_object_ref(attempt);
  self->left = LIMIT_MS / INTERVAL_MS - 1;
  self->known = fwd_attempt_is_controlling(attempt) && find_endpoint(attempt, &self->endpoint);
  if (self->known)
    fwd_attempt_note(attempt, "the port that should be open is %s",
                     fwd_endpoint_format(&self->endpoint, text));
  g_signal_connect(attempt, "checked", G_CALLBACK(on_checked), self);
  g_signal_connect(attempt, "challenged", G_CALLBACK(on_challenged), self);
  self->timer = attach(self, g_timeout_source_new(INTERVAL_MS), on_timer);
  if (cancellable != NULL)
    self->cancelled =
        attach(self, g_cancellable_source_new(cancellable), G_SOURCE_FUNC(on_cancelled));
}

static FwdPath *
attempt_finish(FwdStrategy *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

static void
strategy_init(FwdStrategyInterface *iface)
{
  iface->can_attempt = can_attempt;
  iface->attempt_async = attempt_async;
  iface->attempt_finish = attempt_finish;
}

static void
example_known_port_class_init(ExampleKnownPortClass *klass)
{
}

static void
example_known_port_init(ExampleKnownPort *self)
{
}

/* 5. The one symbol that a plugin exports says which ABI it was built for and
 *    how to register. The budget is a promise to the router: most packets sent
 *    and most entries made in its table. */

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {
      .priority = 25, /* before udp-punch (20), after lan (30) */
      .path_class = FWD_PATH_CLASS_P2P,
      .limit_ms = LIMIT_MS,
      .budget_packets = LIMIT_MS / INTERVAL_MS,
      .budget_mappings = 2,
      .help = "a UDP port opened by hand in the server's router",
  };

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_STRATEGY, "known-port",
                                 EXAMPLE_TYPE_KNOWN_PORT, &meta, error);
}

FWD_PLUGIN("known-port", "1.0", "MIT-0", register_types)
