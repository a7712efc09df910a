/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/mapping.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* What can be read is read again from its canonical text, and means the same. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) mappings = fwd_mapping_parse(text, &error);

  g_assert_true((mappings == NULL) == (error != NULL));
  if (error != NULL)
    g_assert_null(strchr(error->message, '\n'));
  for (guint i = 0; mappings != NULL && i < mappings->len; i++) {
    const char *canonical = fwd_mapping_to_string(mappings->pdata[i]);
    g_autoptr(GPtrArray) again = fwd_mapping_parse(canonical, NULL);

    g_assert_nonnull(again);
    g_assert_cmpuint(again->len, ==, 1);
    g_assert_cmpstr(fwd_mapping_to_string(again->pdata[0]), ==, canonical);
  }
  return 0;
}
