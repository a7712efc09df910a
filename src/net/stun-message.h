/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * STUN messages (RFC 8489), read in place and written into a caller's buffer:
 * nothing here allocates. Any thread.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |0 0|     STUN Message Type     |         Message Length        |
 *  |                         Magic Cookie                          |
 *  |                     Transaction ID (96 bits)                  |
 */
#pragma once

#include <stunfwd/endpoint.h>

#define FWD_STUN_HEADER_SIZE      20
#define FWD_STUN_TRANSACTION_SIZE 12
#define FWD_STUN_MESSAGE_MAX      1280
#define FWD_STUN_MAGIC_COOKIE     0x2112A442u

/** RFC 8489 (18.2), RFC 8656 (17). */
typedef enum {
  FWD_STUN_BINDING = 0x001,
  FWD_STUN_ALLOCATE = 0x003,
  FWD_STUN_REFRESH = 0x004,
  FWD_STUN_SEND = 0x006,
  FWD_STUN_DATA = 0x007,
  FWD_STUN_CREATE_PERMISSION = 0x008,
  FWD_STUN_CHANNEL_BIND = 0x009,
} FwdStunMethod;

typedef enum {
  FWD_STUN_REQUEST,
  FWD_STUN_INDICATION,
  FWD_STUN_SUCCESS,
  FWD_STUN_FAILURE,
} FwdStunClass;

/** RFC 8489 (18.3), RFC 8445 (16.1), RFC 5780 (7), RFC 8656 (18). */
typedef enum {
  FWD_STUN_MAPPED_ADDRESS = 0x0001,
  FWD_STUN_CHANGE_REQUEST = 0x0003,
  FWD_STUN_SOURCE_ADDRESS = 0x0004,  /**< RFC 3489; old servers still send it, */
  FWD_STUN_CHANGED_ADDRESS = 0x0005, /**< and this: known, so that their answers count */
  FWD_STUN_USERNAME = 0x0006,
  FWD_STUN_MESSAGE_INTEGRITY = 0x0008,
  FWD_STUN_ERROR_CODE = 0x0009,
  FWD_STUN_UNKNOWN_ATTRIBUTES = 0x000A,
  FWD_STUN_CHANNEL_NUMBER = 0x000C,
  FWD_STUN_LIFETIME = 0x000D,
  FWD_STUN_XOR_PEER_ADDRESS = 0x0012,
  FWD_STUN_DATA_VALUE = 0x0013, /**< DATA, which is a method too */
  FWD_STUN_REALM = 0x0014,
  FWD_STUN_NONCE = 0x0015,
  FWD_STUN_XOR_RELAYED_ADDRESS = 0x0016,
  FWD_STUN_REQUESTED_ADDRESS_FAMILY = 0x0017,
  FWD_STUN_REQUESTED_TRANSPORT = 0x0019,
  FWD_STUN_MESSAGE_INTEGRITY_SHA256 = 0x001C,
  FWD_STUN_XOR_MAPPED_ADDRESS = 0x0020,
  FWD_STUN_PRIORITY = 0x0024,
  FWD_STUN_USE_CANDIDATE = 0x0025,
  FWD_STUN_PADDING = 0x0026,
  FWD_STUN_RESPONSE_PORT = 0x0027,
  FWD_STUN_SOFTWARE = 0x8022,
  FWD_STUN_ALTERNATE_SERVER = 0x8023,
  FWD_STUN_FINGERPRINT = 0x8028,
  FWD_STUN_RESPONSE_ORIGIN = 0x802B,
  FWD_STUN_OTHER_ADDRESS = 0x802C,
  FWD_STUN_PACKET_COUNTS = 0xFFE0, /**< our own, of checks: see path/probe.h */
} FwdStunAttribute;

/** A message inside somebody else's buffer, checked by fwd_stun_message_parse(). */
typedef struct {
  const guint8 *data;
  gsize length; /**< header included */
} FwdStunMessage;

/** Whether a datagram may be STUN: first two bits zero, cookie, length (RFC 7983). */
gboolean fwd_stun_message_is_likely(const guint8 *data, gsize length);

/**
 * Checks header and attribute lengths of a whole datagram, and the FINGERPRINT
 * if there is one (it must come last). FALSE for anything that is not one
 * well-formed message, or has the reserved attribute 0x0000. The work is linear
 * in @length, which a STUN header bounds to 65,555 bytes.
 */
gboolean fwd_stun_message_parse(const guint8 *data, gsize length, FwdStunMessage *message);

FwdStunClass fwd_stun_message_class(const FwdStunMessage *message);
guint16 fwd_stun_message_method(const FwdStunMessage *message);
/** The 12 bytes of the transaction id. */
const guint8 *fwd_stun_message_transaction(const FwdStunMessage *message);

/**
 * First attribute of that type before any MESSAGE-INTEGRITY (14.5); NULL if
 * absent. Behind it only -SHA256 and FINGERPRINT are found, behind -SHA256 only
 * FINGERPRINT; the getters below see the same.
 */
const guint8 *fwd_stun_message_find(const FwdStunMessage *message, guint16 attribute,
                                    gsize *length);
/** Reads an address attribute, XORed or not as its type says. */
gboolean fwd_stun_message_get_endpoint(const FwdStunMessage *message, guint16 attribute,
                                       FwdEndpoint *endpoint);
gboolean fwd_stun_message_get_uint32(const FwdStunMessage *message, guint16 attribute,
                                     guint32 *value);
/** ERROR-CODE as 300 to 699, or 0. */
guint fwd_stun_message_get_error_code(const FwdStunMessage *message);

/**
 * Checks MESSAGE-INTEGRITY (14.5) or, if present, -SHA256 (14.6, also truncated)
 * in constant time. FALSE when there is neither, or when it covers more than
 * FWD_STUN_MESSAGE_MAX bytes.
 */
gboolean fwd_stun_message_verify(const FwdStunMessage *message, const guint8 *key,
                                 gsize key_length);

/** First attribute to be understood (0x0001-0x7FFF) that is not in the list above; 0 if none. */
guint16 fwd_stun_message_first_unknown(const FwdStunMessage *message);

/** A message being written. When the buffer is too small, length becomes 0 and stays it. */
typedef struct {
  guint8 *data;
  gsize size;
  gsize length;
} FwdStunWriter;

void fwd_stun_writer_begin(FwdStunWriter *writer, guint8 *buffer, gsize size,
                           FwdStunClass message_class, guint16 method,
                           const guint8 *transaction);
void fwd_stun_writer_add(FwdStunWriter *writer, guint16 attribute, const void *value,
                         gsize length);
void fwd_stun_writer_add_uint32(FwdStunWriter *writer, guint16 attribute, guint32 value);
/** XORed or not as the attribute's type says. */
void fwd_stun_writer_add_endpoint(FwdStunWriter *writer, guint16 attribute,
                                  const FwdEndpoint *endpoint);
void fwd_stun_writer_add_error(FwdStunWriter *writer, guint code, const char *reason);
/** MESSAGE-INTEGRITY: HMAC-SHA1 over all so far. */
void fwd_stun_writer_add_integrity(FwdStunWriter *writer, const guint8 *key, gsize key_length);
/** MESSAGE-INTEGRITY-SHA256, untruncated. */
void fwd_stun_writer_add_integrity_sha256(FwdStunWriter *writer, const guint8 *key,
                                          gsize key_length);
/** Must be the last one. */
void fwd_stun_writer_add_fingerprint(FwdStunWriter *writer);

/** Fills a transaction id from the system's random source. */
void fwd_stun_new_transaction(guint8 *transaction);
