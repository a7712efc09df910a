/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/path.h>

const char *
fwd_path_class_to_string(FwdPathClass path_class)
{
  static const char *const names[] = {"lan", "p2p", "relay"};

  return (guint)path_class < G_N_ELEMENTS(names) ? names[path_class] : "unknown";
}

int
fwd_path_flush(FwdPath *path)
{
  const gboolean knows =
      path->ops->size >= G_STRUCT_OFFSET(FwdPathOps, flush) + sizeof path->ops->flush;

  return knows && path->ops->flush != NULL ? path->ops->flush(path) : 0;
}

void
fwd_path_close(FwdPath *path)
{
  if (path != NULL)
    path->ops->close(path);
}
