/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Carries bytes between two stream sockets, with half-close, and closes both at the end. */
#pragma once

#include <glib.h>

/** Takes both descriptors over. Frees itself when both directions have ended. */
void fake_relay_start(int a, int b);
