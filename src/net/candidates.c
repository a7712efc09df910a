/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "candidates.h"
#include "datagram-socket.h"
#include "ipv6-flags.h"

#include <ifaddrs.h>
#include <net/if.h>

/* Documentation addresses: routed by default, and nothing is sent to them. */
#define OUTSIDE_IPV4 "192.0.2.1"
#define OUTSIDE_IPV6 "2001:db8::1"

/* Smaller is offered earlier. */
typedef enum {
  RANK_DEFAULT, /* where the default route leaves from */
  RANK_PHYSICAL,
  RANK_VIRTUAL,
} Rank;

typedef struct {
  FwdCandidate candidate;
  Rank rank;
  guint order; /* as the system lists them */
} Ranked;

typedef struct {
  guint16 port4;
  guint16 port6;
  gboolean loopback; /* gather loopback addresses, not the others */
  FwdEndpoint default4;
  FwdEndpoint default6;
  GArray *unusable; /* of FwdEndpoint */
  GArray *ranked;   /* of Ranked */
} Gathering;

static gboolean
is_virtual(const char *name)
{
  static const char *const prefixes[] = {
      "docker", "br-",  "veth", "virbr", "vnet",      "vmnet", "vboxnet", "lxc",    "lxdbr",
      "cni",    "cali", "tun",  "tap",   "tailscale", "wg",    "zt",      "podman", "flannel",
  };

  for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
    if (g_str_has_prefix(name, prefixes[i]))
      return TRUE;
  return FALSE;
}

static void
find_default(const char *outside, FwdEndpoint *local)
{
  FwdEndpoint remote;

  if (!fwd_endpoint_from_address(outside, 9, &remote) ||
      !fwd_datagram_socket_find_source(&remote, local))
    fwd_endpoint_any(AF_UNSPEC, local);
}

static guint
count_bits(const struct sockaddr *mask)
{
  const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)mask;
  guint bits = 0;

  if (mask == NULL)
    return 0;
  if (mask->sa_family == AF_INET)
    return (guint)__builtin_popcount(((const struct sockaddr_in *)mask)->sin_addr.s_addr);
  for (guint i = 0; mask->sa_family == AF_INET6 && i < sizeof in6->sin6_addr; i++)
    bits += (guint)__builtin_popcount(in6->sin6_addr.s6_addr[i]);
  return bits;
}

static gboolean
contains(const GArray *endpoints, const FwdEndpoint *endpoint)
{
  for (guint i = 0; i < endpoints->len; i++)
    if (fwd_endpoint_same_address(&g_array_index(endpoints, FwdEndpoint, i), endpoint))
      return TRUE;
  return FALSE;
}

static gboolean
is_listed(const Gathering *gathering, const FwdEndpoint *endpoint)
{
  for (guint i = 0; i < gathering->ranked->len; i++)
    if (fwd_endpoint_equal(&g_array_index(gathering->ranked, Ranked, i).candidate.endpoint,
                           endpoint))
      return TRUE;
  return FALSE;
}

/* Scopes mean nothing to a peer, so an IPv6 link-local address is of no use to it. */
static gboolean
is_worth_offering(const Gathering *gathering, const FwdEndpoint *endpoint)
{
  return fwd_endpoint_port(endpoint) != 0 &&
         fwd_endpoint_is_loopback(endpoint) == gathering->loopback &&
         !fwd_endpoint_is_any(endpoint) &&
         (fwd_endpoint_family(endpoint) == AF_INET || !fwd_endpoint_is_link_local(endpoint)) &&
         !contains(gathering->unusable, endpoint) && !is_listed(gathering, endpoint);
}

static Rank
rank_of(const Gathering *gathering, const char *name, const FwdEndpoint *endpoint)
{
  if (is_virtual(name) || fwd_endpoint_is_link_local(endpoint))
    return RANK_VIRTUAL;
  if (fwd_endpoint_same_address(endpoint, &gathering->default4) ||
      fwd_endpoint_same_address(endpoint, &gathering->default6))
    return RANK_DEFAULT;
  return RANK_PHYSICAL;
}

static void
consider(Gathering *gathering, const struct ifaddrs *interface)
{
  gboolean is_up = (interface->ifa_flags & IFF_UP) && (interface->ifa_flags & IFF_RUNNING);
  const struct sockaddr *address = interface->ifa_addr;
  Ranked ranked = {.order = gathering->ranked->len};
  FwdEndpoint *endpoint = &ranked.candidate.endpoint;

  if (!is_up || address == NULL ||
      gathering->loopback != ((interface->ifa_flags & IFF_LOOPBACK) != 0) ||
      !fwd_endpoint_from_sockaddr(address,
                                  address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                                                : sizeof(struct sockaddr_in6),
                                  endpoint))
    return;
  fwd_endpoint_set_port(endpoint, fwd_endpoint_family(endpoint) == AF_INET ? gathering->port4
                                                                           : gathering->port6);
  if (!is_worth_offering(gathering, endpoint))
    return;
  ranked.candidate.type = FWD_CANDIDATE_HOST;
  ranked.candidate.base = *endpoint;
  ranked.candidate.prefix_length = count_bits(interface->ifa_netmask);
  ranked.rank = rank_of(gathering, interface->ifa_name, endpoint);
  g_array_append_val(gathering->ranked, ranked);
}

static void
consider_all(Gathering *gathering, const struct ifaddrs *interfaces)
{
  for (const struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
    consider(gathering, i);
}

static int
compare(gconstpointer a, gconstpointer b)
{
  const Ranked *first = a, *second = b;

  if (first->rank != second->rank)
    return first->rank < second->rank ? -1 : 1;
  return first->order < second->order ? -1 : 1;
}

static GArray *
take_best(GArray *ranked)
{
  GArray *candidates = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));

  g_array_sort(ranked, compare);
  for (guint i = 0; i < MIN(ranked->len, FWD_HOST_CANDIDATES_MAX); i++)
    g_array_append_val(candidates, g_array_index(ranked, Ranked, i).candidate);
  return candidates;
}

GArray *
fwd_candidates_gather(guint16 port4, guint16 port6)
{
  g_autoptr(GArray) unusable = fwd_ipv6_flags_unusable(FWD_IPV6_ADDRESSES_FILE);
  g_autoptr(GArray) ranked = g_array_new(FALSE, FALSE, sizeof(Ranked));
  Gathering gathering = {
      .port4 = port4,
      .port6 = port6,
      .unusable = unusable,
      .ranked = ranked,
  };
  struct ifaddrs *interfaces = NULL;

  find_default(OUTSIDE_IPV4, &gathering.default4);
  find_default(OUTSIDE_IPV6, &gathering.default6);
  if (getifaddrs(&interfaces) == 0) {
    consider_all(&gathering, interfaces);
    /* Off every network there is still a peer that can be reached: one on this machine. */
    gathering.loopback = ranked->len == 0;
    if (gathering.loopback)
      consider_all(&gathering, interfaces);
    freeifaddrs(interfaces);
  }
  return take_best(ranked);
}
