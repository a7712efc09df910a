/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The interfaces that plugins implement, as the registry must know them before it loads any.
 */
#pragma once

#include "core/plugin-registry.h"

void fwd_interfaces_define(FwdPluginRegistry *registry);
