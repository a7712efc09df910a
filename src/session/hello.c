/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/hello.h"

static GStrv
list_strategies(FwdPluginRegistry *registry, const FwdSurroundings *surroundings)
{
  g_autoptr(GPtrArray) all = fwd_plugin_registry_list(registry, FWD_INTERFACE_STRATEGY);
  g_autoptr(GStrvBuilder) ids = g_strv_builder_new();

  for (guint i = 0; i < MIN(all->len, FWD_PROTOCOL_STRATEGIES_MAX); i++) {
    const char *id = ((const FwdImplementation *)all->pdata[i])->id;
    if (fwd_surroundings_allow(surroundings, id))
      g_strv_builder_add(ids, id);
  }
  return g_strv_builder_end(ids);
}

FwdMessage *
fwd_hello_new(FwdRole role, const FwdIdentity *identity, FwdDiscovery *discovery,
              FwdPluginRegistry *registry, const FwdSurroundings *surroundings)
{
  const GArray *candidates = fwd_discovery_get_candidates(discovery);
  FwdMessage *hello = fwd_message_new(FWD_MESSAGE_HELLO);

  hello->role = role;
  memcpy(hello->fingerprint, fwd_identity_get_fingerprint(identity), sizeof hello->fingerprint);
  hello->nat = *fwd_discovery_get_report(discovery);
  g_clear_pointer(&hello->candidates, g_array_unref);
  hello->candidates = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));
  g_array_append_vals(hello->candidates, candidates->data,
                      MIN(candidates->len, FWD_PROTOCOL_CANDIDATES_MAX));
  hello->strategies = list_strategies(registry, surroundings);
  return hello;
}

gboolean
fwd_hello_names_its_key(const FwdMessage *hello)
{
  char name[FWD_PEER_ID_SIZE + 1];

  for (guint i = 0; i < FWD_PEER_ID_SIZE / 2; i++)
    g_snprintf(name + 2 * i, 3, "%02x", hello->fingerprint[i]);
  return g_str_equal(name, hello->sender);
}
