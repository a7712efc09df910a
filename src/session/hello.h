/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The hello of a session: who we are, what we can run, where we may be reached. */
#pragma once

#include "core/plugin-registry.h"
#include "meeting/protocol.h"
#include "session/discovery.h"
#include "session/surroundings.h"
#include "tunnel/identity.h"

/** (transfer full) */
FwdMessage *fwd_hello_new(FwdRole role, const FwdIdentity *identity, FwdDiscovery *discovery,
                          FwdPluginRegistry *registry, const FwdSurroundings *surroundings);

/** Whether the sender's name is made of the key that the hello names: nobody can take
 * another's. */
gboolean fwd_hello_names_its_key(const FwdMessage *hello);
