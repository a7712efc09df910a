/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Leases by NAT-PMP (RFC 6886), with libnatpmp. */
#include "port-lease.h"

#include <fcntl.h>
#include <natpmp.h>
#include <stunfwd/error.h>

#define LIMIT_US         (1750 * 1000)
#define REMOVAL_LIMIT_US (750 * 1000)

/* RFC 6886 is the older of the two: a router that has both gets the PCP request first. */
#define HEAD_START_MS 100

static gboolean
fail(GError **error, int status)
{
  FwdErrorCode code = FWD_ERROR_UNREACHABLE;
  const char *why = "no answer";

  switch (status) {
  case NATPMP_ERR_NOTAUTHORIZED:
  case NATPMP_ERR_UNSUPPORTEDOPCODE:
    code = FWD_ERROR_DENIED;
    why = "it is not allowed";
    break;
  case NATPMP_ERR_NETWORKFAILURE:
    code = FWD_ERROR_UNSUPPORTED;
    why = "it has no outside address";
    break;
  case NATPMP_ERR_OUTOFRESOURCES:
    code = FWD_ERROR_REFUSED;
    why = "it has no more room for mappings";
    break;
  case NATPMP_ERR_UNDEFINEDERROR:
    code = FWD_ERROR_REFUSED;
    why = "it refused";
    break;
  }
  g_set_error(error, FWD_STRATEGY_ERROR, code, "NAT-PMP: %s", why);
  return FALSE;
}

static gint64
next_retry_ms(natpmp_t *client)
{
  struct timeval timeout = {0};

  getnatpmprequesttimeout(client, &timeout);
  return timeout.tv_sec * (gint64)1000 + timeout.tv_usec / 1000 + 1;
}

/* The library sends again by itself, but for longer than anybody would wait here. */
static int
await(natpmp_t *client, GCancellable *cancellable, gint64 limit_us, natpmpresp_t *response)
{
  const gint64 until = g_get_monotonic_time() + limit_us;
  int status = NATPMP_TRYAGAIN;

  while (status == NATPMP_TRYAGAIN && g_get_monotonic_time() < until &&
         !g_cancellable_is_cancelled(cancellable)) {
    const gint64 left_ms = (until - g_get_monotonic_time()) / 1000 + 1;
    fwd_port_wait(client->s, cancellable, MIN(next_retry_ms(client), left_ms));
    status = readnatpmpresponseorretry(client, response);
  }
  return status;
}

/* The library connects its socket: nobody but the router is heard. */
static gboolean
open_client(natpmp_t *client, const FwdPortLease *lease)
{
  if (initnatpmp(client, TRUE, lease->gateway.in4.sin_addr.s_addr) != 0)
    return FALSE;
  fcntl(client->s, F_SETFD, FD_CLOEXEC);
  return TRUE;
}

static int
ask_for_address(natpmp_t *client, FwdPortLease *lease, GCancellable *cancellable)
{
  natpmpresp_t response = {0};
  int status = sendpublicaddressrequest(client);

  if (status >= 0)
    status = await(client, cancellable, LIMIT_US, &response);
  if (status == 0 && response.type != NATPMP_RESPTYPE_PUBLICADDRESS)
    status = NATPMP_ERR_UNDEFINEDERROR;
  if (status == 0) {
    fwd_endpoint_any(AF_INET, &lease->outside);
    lease->outside.in4.sin_addr = response.pnu.publicaddress.addr;
  }
  return status;
}

static int
ask_for_port(natpmp_t *client, FwdPortLease *lease)
{
  const int protocol = lease->tcp ? NATPMP_PROTOCOL_TCP : NATPMP_PROTOCOL_UDP;
  const guint16 port = fwd_endpoint_port(&lease->local);
  const guint16 wish = fwd_endpoint_port(&lease->outside);
  natpmpresp_t response = {0};
  int status =
      sendnewportmappingrequest(client, protocol, port, wish ? wish : port, lease->lifetime);

  if (status >= 0)
    status = await(client, NULL, LIMIT_US, &response);
  if (status != 0)
    return status;
  if (response.type != protocol || response.pnu.newportmapping.privateport != port ||
      response.pnu.newportmapping.mappedpublicport == 0 ||
      response.pnu.newportmapping.lifetime == 0)
    return NATPMP_ERR_UNDEFINEDERROR;
  fwd_endpoint_set_port(&lease->outside, response.pnu.newportmapping.mappedpublicport);
  lease->granted = response.pnu.newportmapping.lifetime;
  return 0;
}

static gboolean
map(FwdPortLease *lease, GCancellable *cancellable, GError **error)
{
  const guint16 wish = lease->granted > 0 ? fwd_endpoint_port(&lease->outside) : 0;
  natpmp_t client;
  int status;

  if (!open_client(&client, lease))
    return fail(error, NATPMP_ERR_NOGATEWAYSUPPORT);
  status = ask_for_address(&client, lease, cancellable);
  if (status == 0) {
    fwd_endpoint_set_port(&lease->outside, wish);
    status = ask_for_port(&client, lease);
  }
  closenatpmp(&client);
  return status == 0 || fail(error, status);
}

static void
remove_mapping(const FwdPortLease *lease)
{
  const int protocol = lease->tcp ? NATPMP_PROTOCOL_TCP : NATPMP_PROTOCOL_UDP;
  natpmp_t client;
  natpmpresp_t response;

  if (!open_client(&client, lease))
    return;
  if (sendnewportmappingrequest(&client, protocol, fwd_endpoint_port(&lease->local), 0, 0) >= 0)
    await(&client, NULL, REMOVAL_LIMIT_US, &response);
  closenatpmp(&client);
}

const FwdPortProtocol fwd_port_natpmp = {
    .name = "NAT-PMP", .head_start_ms = HEAD_START_MS, .map = map, .unmap = remove_mapping};
