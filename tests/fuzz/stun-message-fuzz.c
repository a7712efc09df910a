/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/stun-message.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void
assert_inside(const FwdStunMessage *message, const guint8 *value, gsize length)
{
  g_assert_true(value >= message->data + FWD_STUN_HEADER_SIZE + 4);
  g_assert_cmpuint((gsize)(value - message->data) + length, <=, message->length);
}

static void
read_attribute(const FwdStunMessage *message, guint16 attribute)
{
  FwdEndpoint endpoint;
  guint32 number;
  gsize length;
  const guint8 *value = fwd_stun_message_find(message, attribute, &length);
  gboolean is_endpoint = fwd_stun_message_get_endpoint(message, attribute, &endpoint);
  gboolean is_number = fwd_stun_message_get_uint32(message, attribute, &number);

  if (value != NULL)
    assert_inside(message, value, length);
  g_assert_false(is_endpoint && is_number);
  g_assert_true(value != NULL || (!is_endpoint && !is_number));
  if (is_endpoint)
    g_assert_cmpuint(fwd_endpoint_length(&endpoint), >, 0);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  static const guint16 attributes[] = {
      FWD_STUN_MAPPED_ADDRESS, FWD_STUN_CHANGE_REQUEST,     FWD_STUN_USERNAME,
      FWD_STUN_ERROR_CODE,     FWD_STUN_XOR_MAPPED_ADDRESS, FWD_STUN_PRIORITY,
      FWD_STUN_OTHER_ADDRESS,  FWD_STUN_MESSAGE_INTEGRITY,  FWD_STUN_FINGERPRINT,
      FWD_STUN_SOFTWARE,       FWD_STUN_RESPONSE_ORIGIN,    FWD_STUN_MESSAGE_INTEGRITY_SHA256,
  };
  FwdStunMessage message;
  guint code;

  if (!fwd_stun_message_parse(data, size, &message))
    return 0;
  g_assert_true(fwd_stun_message_is_likely(data, size));
  g_assert_cmpuint(fwd_stun_message_class(&message), <=, FWD_STUN_FAILURE);
  g_assert_cmpuint(fwd_stun_message_method(&message), <=, 0xfff);
  for (gsize i = 0; i < G_N_ELEMENTS(attributes); i++)
    read_attribute(&message, attributes[i]);
  code = fwd_stun_message_get_error_code(&message);
  g_assert_true(code == 0 || (code >= 300 && code <= 699));
  g_assert_cmpuint(fwd_stun_message_first_unknown(&message), <, 0x8000);
  fwd_stun_message_verify(&message, (const guint8 *)"key", 3);
  return 0;
}
