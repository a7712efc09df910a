/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Variable-length integers (RFC 9000, 16). Any thread. */
#pragma once

#include <glib.h>

#define FWD_VARINT_MAX 8

/** Writes @value, below 2^62, into FWD_VARINT_MAX bytes of room and returns its length. */
gsize fwd_varint_write(guint8 *data, guint64 value);
/** Reads one from @data; returns its length, or 0 when there are too few bytes. */
gsize fwd_varint_read(const guint8 *data, gsize length, guint64 *value);
