/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-resolver.h"

G_DEFINE_FINAL_TYPE(FakeResolver, fake_resolver, G_TYPE_RESOLVER)

static void
free_addresses(gpointer addresses)
{
  g_resolver_free_addresses(addresses);
}

static void
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
  g_task_return_error_if_cancelled(user_data);
}

static void
lookup_by_name_async(GResolver *resolver, const char *name, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data)
{
  FakeResolver *self = FAKE_RESOLVER(resolver);
  g_autoptr(GTask) task = g_task_new(resolver, cancellable, callback, user_data);
  GList *addresses = NULL;

  self->lookups++;
  if (self->silent) {
    g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), g_object_ref(task),
                          g_object_unref);
    return;
  }
  if (g_strcmp0(name, self->name) != 0) {
    g_task_return_new_error(task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no such name");
    return;
  }
  for (guint i = 0; self->addresses[i] != NULL; i++)
    addresses = g_list_append(addresses, g_inet_address_new_from_string(self->addresses[i]));
  g_task_return_pointer(task, addresses, free_addresses);
}

static GList *
lookup_by_name_finish(GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

static void
fake_resolver_class_init(FakeResolverClass *klass)
{
  GResolverClass *resolver = G_RESOLVER_CLASS(klass);

  resolver->lookup_by_name_async = lookup_by_name_async;
  resolver->lookup_by_name_finish = lookup_by_name_finish;
}

static void
fake_resolver_init(FakeResolver *self)
{
}

FakeResolver *
fake_resolver_install(void)
{
  FakeResolver *self = g_object_new(FAKE_TYPE_RESOLVER, NULL);

  g_resolver_set_default(G_RESOLVER(self));
  return self;
}
