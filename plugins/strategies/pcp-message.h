/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Messages of the Port Control Protocol (RFC 6887), as far as the opcode MAP
 * for IPv4 needs them. Plain values; any thread.
 */
#pragma once

#include <stunfwd/endpoint.h>

#define FWD_PCP_PORT       5351
#define FWD_PCP_NONCE_SIZE 12
/** Header and MAP, without options. */
#define FWD_PCP_MAP_SIZE 60
/** Section 7: no message is larger. */
#define FWD_PCP_MESSAGE_MAX 1100

/** Section 7.4. */
typedef enum {
  FWD_PCP_SUCCESS = 0,
  FWD_PCP_UNSUPP_VERSION = 1,
  FWD_PCP_NOT_AUTHORIZED = 2,
  FWD_PCP_MALFORMED_REQUEST = 3,
  FWD_PCP_UNSUPP_OPCODE = 4,
  FWD_PCP_NETWORK_FAILURE = 7,
  FWD_PCP_NO_RESOURCES = 8,
  FWD_PCP_USER_EX_QUOTA = 10,
  FWD_PCP_CANNOT_PROVIDE_EXTERNAL = 11,
  FWD_PCP_ADDRESS_MISMATCH = 12,
} FwdPcpResult;

typedef struct {
  FwdEndpoint client; /**< the client's own IPv4 address and internal port */
  guint8 protocol;    /**< IPPROTO_UDP or IPPROTO_TCP */
  guint8 nonce[FWD_PCP_NONCE_SIZE];
  guint32 lifetime;      /**< seconds; 0 removes the mapping */
  guint16 external_port; /**< the one that is wished for; 0: any */
} FwdPcpRequest;

typedef struct {
  guint8 result;        /**< FwdPcpResult */
  guint32 lifetime;     /**< seconds: of the mapping, or for how long the error lasts */
  guint32 epoch;        /**< seconds since the server lost its state */
  FwdEndpoint external; /**< set on success */
} FwdPcpResponse;

/** Writes a MAP request (sections 7.1 and 11.1). */
void fwd_pcp_request_write(const FwdPcpRequest *request, guint8 buffer[FWD_PCP_MAP_SIZE]);

/**
 * Reads the response to @request (sections 7.2, 8.3 and 11.4); FALSE for
 * anything else, which is to be ignored. What an old NAT-PMP server says to a
 * PCP request (appendix A) counts as FWD_PCP_UNSUPP_VERSION.
 */
gboolean fwd_pcp_response_read(const guint8 *data, gsize length, const FwdPcpRequest *request,
                               FwdPcpResponse *response);

/** What a result code means, for people; static. */
const char *fwd_pcp_result_to_string(guint8 result);
