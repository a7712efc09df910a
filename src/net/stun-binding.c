/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/stun-binding.h"

#include <string.h>

gsize
fwd_stun_binding_write(guint8 *buffer, gsize size, guint8 *transaction)
{
  FwdStunWriter writer;

  fwd_stun_new_transaction(transaction);
  fwd_stun_writer_begin(&writer, buffer, size, FWD_STUN_REQUEST, FWD_STUN_BINDING, transaction);
  fwd_stun_writer_add_fingerprint(&writer);
  return writer.length;
}

gboolean
fwd_stun_binding_read(const guint8 *data, gsize length, guint8 *transaction,
                      FwdEndpoint *mapped)
{
  FwdStunMessage message;

  if (length > FWD_STUN_MESSAGE_MAX || !fwd_stun_message_parse(data, length, &message) ||
      fwd_stun_message_class(&message) != FWD_STUN_SUCCESS ||
      fwd_stun_message_method(&message) != FWD_STUN_BINDING ||
      (!fwd_stun_message_get_endpoint(&message, FWD_STUN_XOR_MAPPED_ADDRESS, mapped) &&
       !fwd_stun_message_get_endpoint(&message, FWD_STUN_MAPPED_ADDRESS, mapped)))
    return FALSE;
  memcpy(transaction, fwd_stun_message_transaction(&message), FWD_STUN_TRANSACTION_SIZE);
  return TRUE;
}
