/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A resolver that knows what a test has told it, and answers on the next turn or never. */
#pragma once

#include <gio/gio.h>

#define FAKE_TYPE_RESOLVER (fake_resolver_get_type())
G_DECLARE_FINAL_TYPE(FakeResolver, fake_resolver, FAKE, RESOLVER, GResolver)

struct _FakeResolver {
  GResolver parent;

  const char *name;
  const char *const *addresses; /* NULL-terminated, of @name; other names do not exist */
  gboolean silent;              /* answers only once cancelled */
  guint lookups;
};

/** Makes it the default resolver of the program. */
FakeResolver *fake_resolver_install(void);
