/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/envelope.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static const FwdRoomKeys room_keys = {.sealing = {1, 2, 3}};

/* Opened as it is, and what was sealed from it is opened again. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  g_autoptr(GBytes) envelope = g_bytes_new(data, size);
  g_autoptr(GError) error = NULL;
  g_autofree char *opened = fwd_envelope_open(&room_keys, FWD_ROLE_SERVER, envelope, &error);
  g_autofree char *plaintext = g_strndup((const char *)data, size);
  g_autoptr(GBytes) sealed = fwd_envelope_seal(&room_keys, FWD_ROLE_CLIENT, plaintext, NULL);

  g_assert_true((opened == NULL) == (error != NULL));
  g_assert_true((sealed == NULL) == (strlen(plaintext) > FWD_ENVELOPE_PLAINTEXT_MAX));
  if (sealed != NULL) {
    g_autofree char *again = fwd_envelope_open(&room_keys, FWD_ROLE_CLIENT, sealed, NULL);
    g_assert_cmpstr(again, ==, plaintext);
  }
  return 0;
}
