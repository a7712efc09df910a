/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tcp-message.h"

#include <string.h>

#define TEXT_MAX (FWD_TCP_MESSAGE_ENDPOINTS_MAX * FWD_ENDPOINT_TEXT_MAX)

gboolean
fwd_tcp_message_add(FwdTcpMessage *message, const FwdEndpoint *endpoint)
{
  for (guint i = 0; i < message->count; i++)
    if (fwd_endpoint_equal(&message->endpoints[i], endpoint))
      return FALSE;
  if (message->count == G_N_ELEMENTS(message->endpoints))
    return FALSE;
  message->endpoints[message->count++] = *endpoint;
  return TRUE;
}

GVariant *
fwd_tcp_message_write(const FwdTcpMessage *message)
{
  g_autoptr(GString) list = g_string_new(NULL);
  char text[FWD_ENDPOINT_TEXT_MAX];
  GVariantDict dict;

  for (guint i = 0; i < message->count; i++)
    g_string_append_printf(list, "%s%s", i > 0 ? " " : "",
                           fwd_endpoint_format(&message->endpoints[i], text));
  g_variant_dict_init(&dict, NULL);
  g_variant_dict_insert(&dict, "endpoints", "s", list->str);
  g_variant_dict_insert(&dict, "web-only", "b", message->web_only);
  return g_variant_dict_end(&dict);
}

gboolean
fwd_tcp_message_read(GVariant *variant, FwdTcpMessage *message)
{
  g_auto(GStrv) texts = NULL;
  const char *list;

  *message = (FwdTcpMessage){0};
  if (!g_variant_is_of_type(variant, G_VARIANT_TYPE_VARDICT) ||
      !g_variant_lookup(variant, "endpoints", "&s", &list) || strlen(list) > TEXT_MAX)
    return FALSE;
  g_variant_lookup(variant, "web-only", "b", &message->web_only);
  texts = g_strsplit(list, " ", FWD_TCP_MESSAGE_ENDPOINTS_MAX + 1);
  for (guint i = 0; texts[i] != NULL && i < FWD_TCP_MESSAGE_ENDPOINTS_MAX; i++) {
    FwdEndpoint endpoint;
    if (fwd_endpoint_parse(texts[i], &endpoint, NULL))
      fwd_tcp_message_add(message, &endpoint);
  }
  return TRUE;
}
