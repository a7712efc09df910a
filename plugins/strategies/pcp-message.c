/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pcp-message.h"

#include <string.h>

/*
 * RFC 6887, 7.1 and 7.2: request and response.
 *
 *   0 | version = 2   | R | opcode    | reserved      | reserved / result |
 *   4 | lifetime                                                          |
 *   8 | client address (128 bits)     / epoch, then 96 bits reserved      |
 *
 * 11.1: what MAP adds to both.
 *
 *  24 | nonce (96 bits)                                                   |
 *  36 | protocol      | reserved (24 bits)                                |
 *  40 | internal port                 | external port                     |
 *  44 | external address (128 bits)                                       |
 */
#define VERSION       2
#define OPCODE_MAP    1
#define RESPONSE_FLAG 0x80

#define AT_RESULT        3
#define AT_LIFETIME      4
#define AT_CLIENT        8
#define AT_EPOCH         8
#define AT_NONCE         24
#define AT_PROTOCOL      36
#define AT_INTERNAL_PORT 40
#define AT_EXTERNAL_PORT 42
#define AT_EXTERNAL      44

/* Version 0, opcode, result, seconds since its start: RFC 6886, 3.5. */
#define NAT_PMP_ERROR_SIZE 8

static void
put16(guint8 *at, guint16 value)
{
  value = g_htons(value);
  memcpy(at, &value, sizeof value);
}

static void
put32(guint8 *at, guint32 value)
{
  value = g_htonl(value);
  memcpy(at, &value, sizeof value);
}

static guint16
get16(const guint8 *at)
{
  guint16 value;

  memcpy(&value, at, sizeof value);
  return g_ntohs(value);
}

static guint32
get32(const guint8 *at)
{
  guint32 value;

  memcpy(&value, at, sizeof value);
  return g_ntohl(value);
}

/* Section 5: IPv4 addresses travel IPv4-mapped. */
static void
put_mapped(guint8 *at, const struct in_addr *address)
{
  at[10] = at[11] = 0xff;
  memcpy(at + 12, address, sizeof *address);
}

void
fwd_pcp_request_write(const FwdPcpRequest *request, guint8 buffer[FWD_PCP_MAP_SIZE])
{
  const struct in_addr any = {0};

  memset(buffer, 0, FWD_PCP_MAP_SIZE);
  buffer[0] = VERSION;
  buffer[1] = OPCODE_MAP;
  put32(buffer + AT_LIFETIME, request->lifetime);
  put_mapped(buffer + AT_CLIENT, &request->client.in4.sin_addr);
  memcpy(buffer + AT_NONCE, request->nonce, FWD_PCP_NONCE_SIZE);
  buffer[AT_PROTOCOL] = request->protocol;
  put16(buffer + AT_INTERNAL_PORT, fwd_endpoint_port(&request->client));
  put16(buffer + AT_EXTERNAL_PORT, request->external_port);
  put_mapped(buffer + AT_EXTERNAL, &any);
}

static gboolean
is_of_request(const guint8 *data, const FwdPcpRequest *request)
{
  return memcmp(data + AT_NONCE, request->nonce, FWD_PCP_NONCE_SIZE) == 0 &&
         data[AT_PROTOCOL] == request->protocol &&
         get16(data + AT_INTERNAL_PORT) == fwd_endpoint_port(&request->client);
}

static gboolean
read_external(const guint8 *data, FwdEndpoint *external)
{
  struct sockaddr_in6 address = {.sin6_family = AF_INET6};

  memcpy(&address.sin6_addr, data + AT_EXTERNAL, sizeof address.sin6_addr);
  address.sin6_port = g_htons(get16(data + AT_EXTERNAL_PORT));
  return fwd_endpoint_from_sockaddr((const struct sockaddr *)&address, sizeof address,
                                    external) &&
         fwd_endpoint_family(external) == AF_INET;
}

gboolean
fwd_pcp_response_read(const guint8 *data, gsize length, const FwdPcpRequest *request,
                      FwdPcpResponse *response)
{
  *response = (FwdPcpResponse){.result = FWD_PCP_UNSUPP_VERSION};
  if (length < NAT_PMP_ERROR_SIZE || length > FWD_PCP_MESSAGE_MAX ||
      (data[1] & RESPONSE_FLAG) == 0)
    return FALSE;
  if (data[0] != VERSION)
    return data[AT_RESULT] == FWD_PCP_UNSUPP_VERSION;
  if (length < FWD_PCP_MAP_SIZE || length % 4 != 0 || data[1] != (RESPONSE_FLAG | OPCODE_MAP) ||
      !is_of_request(data, request))
    return FALSE;
  response->result = data[AT_RESULT];
  response->lifetime = get32(data + AT_LIFETIME);
  response->epoch = get32(data + AT_EPOCH);
  if (response->result != FWD_PCP_SUCCESS || request->lifetime == 0)
    return TRUE;
  return read_external(data, &response->external) && response->lifetime > 0 &&
         fwd_endpoint_port(&response->external) != 0;
}

const char *
fwd_pcp_result_to_string(guint8 result)
{
  switch (result) {
  case FWD_PCP_SUCCESS:
    return "success";
  case FWD_PCP_UNSUPP_VERSION:
    return "it does not know PCP";
  case FWD_PCP_NOT_AUTHORIZED:
    return "it is not allowed";
  case FWD_PCP_UNSUPP_OPCODE:
    return "it makes no mappings";
  case FWD_PCP_NETWORK_FAILURE:
    return "it has no outside address";
  case FWD_PCP_NO_RESOURCES:
    return "it has no more room for mappings";
  case FWD_PCP_USER_EX_QUOTA:
    return "this machine has too many mappings";
  case FWD_PCP_CANNOT_PROVIDE_EXTERNAL:
    return "it cannot provide a port";
  case FWD_PCP_ADDRESS_MISMATCH:
    return "there is another NAT before it";
  default:
    return "it refused";
  }
}
