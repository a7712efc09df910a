/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/ticket.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* What can be read is written and read again, and means the same. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdTicket) ticket = fwd_ticket_parse(text, &error);

  g_assert_true((ticket == NULL) == (error != NULL));
  if (error != NULL)
    g_assert_null(strchr(error->message, '\n'));
  /* Escapes grow when written, so a ticket of nearly the limit may be over it then. */
  if (ticket != NULL && strlen(text) < FWD_TICKET_MAX / 4) {
    g_autofree char *canonical = fwd_ticket_to_string(ticket);
    g_autoptr(FwdTicket) again = fwd_ticket_parse(canonical, NULL);
    g_autofree char *text_again = NULL;

    g_assert_nonnull(again);
    text_again = fwd_ticket_to_string(again);
    g_assert_cmpstr(text_again, ==, canonical);
  }
  return 0;
}
