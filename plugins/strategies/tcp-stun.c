/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tcp-stun.h"

#include <string.h>

#define BINDING_REQUEST    0x0001
#define BINDING_SUCCESS    0x0101
#define XOR_MAPPED_ADDRESS 0x0020
#define MAGIC_COOKIE       0x2112A442u
#define HEADER_SIZE        20
/* Cookie and transaction id: what an answer repeats, and addresses are masked with. */
#define MASK_OFFSET 4
#define MASK_SIZE   16

static guint16
read_16(const guint8 *data)
{
  return (guint16)(data[0] << 8 | data[1]);
}

static void
write_32(guint8 *data, guint32 value)
{
  const guint32 big = GUINT32_TO_BE(value);

  memcpy(data, &big, sizeof big);
}

void
fwd_tcp_stun_write_request(guint8 *request)
{
  memset(request, 0, FWD_TCP_STUN_REQUEST_SIZE);
  request[1] = BINDING_REQUEST;
  write_32(request + MASK_OFFSET, MAGIC_COOKIE);
  for (guint i = 0; i < 3; i++)
    write_32(request + 8 + 4 * i, g_random_int());
}

/*
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |0 0 0 0 0 0 0 0|    Family     |         X-Port                |
 * |                X-Address (32 or 128 bits)                     |
 */
static gboolean
read_address(const guint8 *value, gsize length, const guint8 *mask, FwdEndpoint *seen)
{
  guint8 plain[4 + MASK_SIZE];
  const gboolean v6 = length == 4 + 16 && value[1] == 2;

  if (!v6 && (length != 4 + 4 || value[1] != 1))
    return FALSE;
  for (gsize i = 4; i < length; i++)
    plain[i] = value[i] ^ mask[i - 4];
  fwd_endpoint_any(v6 ? AF_INET6 : AF_INET, seen);
  memcpy(v6 ? (guint8 *)&seen->in6.sin6_addr : (guint8 *)&seen->in4.sin_addr, plain + 4,
         length - 4);
  fwd_endpoint_set_port(seen, read_16(value + 2) ^ read_16(mask));
  return TRUE;
}

static int
find_address(const guint8 *data, gsize length, const guint8 *mask, FwdEndpoint *seen)
{
  gsize at = HEADER_SIZE;

  while (at + 4 <= length) {
    const gsize size = read_16(data + at + 2);
    if (size > length - at - 4)
      return -1;
    if (read_16(data + at) == XOR_MAPPED_ADDRESS)
      return read_address(data + at + 4, size, mask, seen) ? 1 : -1;
    at += 4 + (size + 3) / 4 * 4;
  }
  return -1;
}

int
fwd_tcp_stun_read_answer(const guint8 *data, gsize length, const guint8 *request,
                         FwdEndpoint *seen)
{
  gsize whole;

  if (length < HEADER_SIZE)
    return 0;
  whole = HEADER_SIZE + read_16(data + 2);
  if (read_16(data) != BINDING_SUCCESS || whole > FWD_TCP_STUN_ANSWER_MAX ||
      memcmp(data + MASK_OFFSET, request + MASK_OFFSET, MASK_SIZE) != 0)
    return -1;
  return length < whole ? 0 : find_address(data, whole, request + MASK_OFFSET, seen);
}
