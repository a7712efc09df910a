/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay-thread.h"

#define GOING_AWAY 1001

struct FwdRelayThread {
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  FwdRelayPairConfig config;
  FwdRelayThreadEnded ended;
  GHashTable *pairs; /* each with a Job; of the thread alone */
};

/* What goes from one thread to the other and back. */
typedef struct {
  FwdRelayThread *thread;
  FwdStreamSocket streams[2];
  FwdRelayThreadEnded ended;
  gpointer user_data;
  guint64 bytes;
  const char *why;
} Job;

static void
post(GMainContext *context, GSourceFunc function, gpointer data)
{
  g_autoptr(GSource) source = g_idle_source_new();

  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  g_source_set_callback(source, function, data, NULL);
  g_source_attach(source, context);
}

static gboolean
tell_ended(gpointer data)
{
  g_autofree Job *job = data;

  job->ended(job->bytes, job->why, job->user_data);
  return G_SOURCE_REMOVE;
}

static void
on_ended(FwdRelayPair *pair, guint64 bytes, const char *why, gpointer user_data)
{
  Job *job = user_data;

  g_hash_table_remove(job->thread->pairs, pair);
  job->bytes = bytes;
  job->why = why;
  post(NULL, tell_ended, job);
}

static gboolean
begin_pair(gpointer data)
{
  Job *job = data;
  FwdRelayThread *thread = job->thread;

  g_hash_table_add(thread->pairs, fwd_relay_pair_new(&thread->config, thread->context,
                                                     job->streams, on_ended, job));
  return G_SOURCE_REMOVE;
}

void
fwd_relay_thread_add(FwdRelayThread *thread, const FwdStreamSocket *streams, gpointer user_data)
{
  Job *job = g_new0(Job, 1);

  job->thread = thread;
  job->streams[0] = streams[0];
  job->streams[1] = streams[1];
  job->ended = thread->ended;
  job->user_data = user_data;
  post(thread->context, begin_pair, job);
}

static gboolean
end_all(gpointer data)
{
  FwdRelayThread *thread = data;
  g_autoptr(GList) pairs = g_hash_table_get_keys(thread->pairs);

  for (GList *item = pairs; item != NULL; item = item->next)
    fwd_relay_pair_end(item->data, GOING_AWAY, "the server stops");
  g_main_loop_quit(thread->loop);
  return G_SOURCE_REMOVE;
}

static gpointer
run(gpointer data)
{
  FwdRelayThread *thread = data;

  g_main_context_push_thread_default(thread->context);
  g_main_loop_run(thread->loop);
  g_main_context_pop_thread_default(thread->context);
  return NULL;
}

FwdRelayThread *
fwd_relay_thread_new(const FwdRelayPairConfig *config, FwdRelayThreadEnded ended)
{
  FwdRelayThread *thread = g_new0(FwdRelayThread, 1);

  thread->config = *config;
  thread->ended = ended;
  thread->context = g_main_context_new();
  thread->loop = g_main_loop_new(thread->context, FALSE);
  thread->pairs = g_hash_table_new(NULL, NULL);
  thread->thread = g_thread_new("relay", run, thread);
  return thread;
}

void
fwd_relay_thread_free(FwdRelayThread *thread)
{
  post(thread->context, end_all, thread);
  g_thread_join(thread->thread);
  g_hash_table_unref(thread->pairs);
  g_main_loop_unref(thread->loop);
  g_main_context_unref(thread->context);
  g_free(thread);
}
