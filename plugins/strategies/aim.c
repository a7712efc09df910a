/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aim.h"

#define ROUND_MAX 64
#define SPAN_MAX  1024

void
fwd_aim_between(FwdAim *aim, guint16 before, guint16 after, gint step)
{
  aim->step = step;
  /* Others took ports at regular intervals, and made the step look longer than it is. */
  if (after - before == step)
    aim->step = step % 2 == 0 ? step / 2 : step / ABS(step);
  aim->first = before + aim->step;
  aim->last = after - aim->step;
  if ((aim->last - aim->first) / aim->step < 0)
    aim->last = aim->first;
}

GVariant *
fwd_aim_to_message(const FwdAim *aim)
{
  g_autofree char *address = fwd_endpoint_address_to_string(&aim->address);
  GVariantDict message;

  g_variant_dict_init(&message, NULL);
  g_variant_dict_insert(&message, "round", "x", (gint64)aim->round);
  g_variant_dict_insert(&message, "address", "s", address);
  g_variant_dict_insert(&message, "first", "x", (gint64)aim->first);
  g_variant_dict_insert(&message, "last", "x", (gint64)aim->last);
  g_variant_dict_insert(&message, "step", "x", (gint64)aim->step);
  return g_variant_dict_end(&message);
}

static gboolean
is_port(gint64 port)
{
  return port > 0 && port <= G_MAXUINT16;
}

gboolean
fwd_aim_from_message(GVariant *message, FwdAim *aim)
{
  gint64 round, first, last, step;
  const char *address;

  if (!g_variant_is_of_type(message, G_VARIANT_TYPE_VARDICT) ||
      !g_variant_lookup(message, "round", "x", &round) ||
      !g_variant_lookup(message, "address", "&s", &address) ||
      !g_variant_lookup(message, "first", "x", &first) ||
      !g_variant_lookup(message, "last", "x", &last) ||
      !g_variant_lookup(message, "step", "x", &step))
    return FALSE;
  if (round < 1 || round > ROUND_MAX || !is_port(first) || !is_port(last) || step == 0 ||
      ABS(step) > SPAN_MAX || ABS(last - first) > SPAN_MAX || (last - first) / step < 0 ||
      !fwd_endpoint_from_address(address, 0, &aim->address) ||
      fwd_endpoint_family(&aim->address) != AF_INET || fwd_endpoint_is_any(&aim->address))
    return FALSE;
  aim->round = (guint)round;
  aim->first = (gint)first;
  aim->last = (gint)last;
  aim->step = (gint)step;
  return TRUE;
}

typedef struct {
  guint16 *ports;
  guint count, max;
} List;

static void
add_port(List *list, gint port)
{
  if (!is_port(port) || list->count >= list->max)
    return;
  for (guint i = 0; i < list->count; i++)
    if (list->ports[i] == port)
      return;
  list->ports[list->count++] = (guint16)port;
}

guint
fwd_aim_list_ports(const FwdAim *aim, guint16 *ports, guint max)
{
  List list = {.ports = ports, .max = max};
  const gint low = MIN(aim->first, aim->last), high = MAX(aim->first, aim->last);

  for (gint port = aim->first; (aim->last - port) * (aim->step > 0 ? 1 : -1) >= 0;
       port += aim->step)
    add_port(&list, port);
  for (gint port = low; port <= high; port++)
    add_port(&list, port);
  for (gint away = 1; away <= (gint)max; away++) {
    add_port(&list, low - away);
    add_port(&list, high + away);
  }
  return list.count;
}
