/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "target.h"

#include <string.h>

/* RFC 1035, 2.3.4. */
#define NAME_MAX_LENGTH 253

static void
add_address(ForwarderTarget *target, const char *address)
{
  if (target->count < FORWARDER_TARGET_MAX &&
      fwd_endpoint_from_address(address, target->port, &target->endpoints[target->count]))
    target->count++;
}

static gboolean
parse_name(const char *text, ForwarderTarget *target)
{
  const char *colon = strrchr(text, ':');
  guint64 port;

  if (colon == NULL || colon == text || colon - text > NAME_MAX_LENGTH ||
      memchr(text, ':', colon - text) != NULL)
    return FALSE;
  if (!g_ascii_string_to_unsigned(colon + 1, 10, 1, G_MAXUINT16, &port, NULL))
    return FALSE;
  target->port = port;
  target->name = g_strndup(text, colon - text);
  return TRUE;
}

gboolean
forwarder_target_parse(const char *text, ForwarderTarget *target, GError **error)
{
  *target = (ForwarderTarget){0};
  if (fwd_endpoint_parse(text, &target->endpoints[0], NULL)) {
    target->count = 1;
    target->port = fwd_endpoint_port(&target->endpoints[0]);
  } else if (!parse_name(text, target)) {
    target->port = 0;
  } else if (g_ascii_strcasecmp(target->name, "localhost") == 0) {
    /* Not worth a thread: RFC 6761, 6.3. */
    add_address(target, "127.0.0.1");
    add_address(target, "::1");
  }
  if (target->port != 0)
    return TRUE;
  g_set_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_INVALID, "\"%s\" is no HOST:PORT", text);
  return FALSE;
}

void
forwarder_target_add(ForwarderTarget *target, GList *addresses)
{
  for (GList *l = addresses; l != NULL; l = l->next) {
    g_autofree char *address = g_inet_address_to_string(l->data);
    add_address(target, address);
  }
}

void
forwarder_target_clear(ForwarderTarget *target)
{
  g_clear_pointer(&target->name, g_free);
}
