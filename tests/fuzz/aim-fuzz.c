/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What port-prediction reads from its twin at the peer, as the protocol hands it over. */
#include "aim.h"

#include <json-glib/json-glib.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(JsonNode) node = NULL;
  g_autoptr(GVariant) message = NULL;
  g_autoptr(GVariant) again = NULL;
  guint16 ports[FWD_AIM_PORTS_MAX];
  FwdAim aim, second;

  if (size > 4096)
    return 0;
  node = json_from_string(text, NULL);
  message = node != NULL ? json_gvariant_deserialize(node, NULL, NULL) : NULL;
  if (message == NULL)
    return 0;
  g_variant_take_ref(message);
  if (!fwd_aim_from_message(message, &aim))
    return 0;
  g_assert_cmpuint(fwd_aim_list_ports(&aim, ports, FWD_AIM_PORTS_MAX), >, 0);
  again = g_variant_ref_sink(fwd_aim_to_message(&aim));
  g_assert_true(fwd_aim_from_message(again, &second));
  return 0;
}
