/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/varint.h"

gsize
fwd_varint_write(guint8 *data, guint64 value)
{
  const guint log = value < 64 ? 0 : value < 16384 ? 1 : value < (1u << 30) ? 2 : 3;
  const gsize length = (gsize)1 << log;

  for (gsize i = 0; i < length; i++)
    data[i] = value >> 8 * (length - 1 - i);
  data[0] |= log << 6;
  return length;
}

gsize
fwd_varint_read(const guint8 *data, gsize length, guint64 *value)
{
  gsize size;

  if (length == 0)
    return 0;
  size = (gsize)1 << (data[0] >> 6);
  if (length < size)
    return 0;
  *value = data[0] & 0x3f;
  for (gsize i = 1; i < size; i++)
    *value = *value << 8 | data[i];
  return size;
}
