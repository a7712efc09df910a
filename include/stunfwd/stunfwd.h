/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** All that a plugin may include. */
#pragma once

#include <stunfwd/attempt.h>
#include <stunfwd/check-list.h>
#include <stunfwd/endpoint.h>
#include <stunfwd/error.h>
#include <stunfwd/event.h>
#include <stunfwd/forwarder.h>
#include <stunfwd/mapping.h>
#include <stunfwd/nat.h>
#include <stunfwd/path.h>
#include <stunfwd/plugin.h>
#include <stunfwd/signaling.h>
#include <stunfwd/strategy.h>
#include <stunfwd/tunnel.h>
#include <stunfwd/turn.h>
