/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-network.h"

#include "net/stun-binding.h"
#include <string.h>

#define STUN_SERVER "192.0.2.200:3478"
#define FIRST_PORT  20000

struct FakeNetwork {
  guint delay_ms;
  guint loss_percent;
  GRand *dice;
  GPtrArray *sites;
  GHashTable *flights; /* set of Flight */
};

typedef struct {
  FwdEndpoint endpoint;
  FakeReceiver receiver;
  gpointer user_data;
} Host;

typedef struct {
  FwdEndpoint host;
  FwdEndpoint remote; /* the part of it that the NAT looks at; the rest is zero */
  FwdEndpoint public;
  GArray *allowed; /* of FwdEndpoint, as much of them as the filter looks at */
} Mapping;

struct FakeSite {
  FakeNetwork *network;
  gboolean nat;
  FwdEndpoint public;
  FwdNatBehaviour mapping, filtering;
  FwdPortPattern ports;
  gint delta;
  guint noise;
  guint given; /* ports, to others too */
  GArray *hosts;
  GPtrArray *mappings;
};

typedef struct {
  FakeSite *site; /* where it comes from */
  FakePacket packet;
  guint source;
} Flight;

static void
mapping_free(gpointer data)
{
  Mapping *mapping = data;
  g_array_unref(mapping->allowed);
  g_free(mapping);
}

static void
site_free(gpointer data)
{
  FakeSite *site = data;
  g_array_unref(site->hosts);
  g_ptr_array_unref(site->mappings);
  g_free(site);
}

static void
flight_free(gpointer data)
{
  Flight *flight = data;
  if (flight->source != 0)
    g_source_remove(flight->source);
  g_free(flight);
}

/* The host at STUN_SERVER. */
static void
answer_query(const FakePacket *packet, const FwdEndpoint *host, gpointer user_data)
{
  FakeSite *site = user_data;
  guint8 answer[FAKE_PACKET_MAX];
  FwdStunMessage query;
  FwdStunWriter writer;

  if (!fwd_stun_message_parse(packet->data, packet->length, &query) ||
      fwd_stun_message_class(&query) != FWD_STUN_REQUEST)
    return;
  fwd_stun_writer_begin(&writer, answer, sizeof answer, FWD_STUN_SUCCESS, FWD_STUN_BINDING,
                        fwd_stun_message_transaction(&query));
  fwd_stun_writer_add_endpoint(&writer, FWD_STUN_XOR_MAPPED_ADDRESS, &packet->from);
  fake_site_send(site, host, &packet->from, answer, writer.length);
}

void
fake_network_get_stun_server(FwdEndpoint *server)
{
  g_assert_true(fwd_endpoint_parse(STUN_SERVER, server, NULL));
}

static void
add_stun_server(FakeNetwork *network)
{
  FakeSite *site = fake_network_add_site(network, NULL, 0, 0);
  FwdEndpoint server;

  fake_network_get_stun_server(&server);
  fake_site_add_host(site, &server, answer_query, site);
}

FakeNetwork *
fake_network_new(guint delay_ms, guint loss_percent)
{
  FakeNetwork *network = g_new0(FakeNetwork, 1);

  network->delay_ms = delay_ms;
  network->loss_percent = loss_percent;
  network->dice = g_rand_new_with_seed(4787);
  network->sites = g_ptr_array_new_with_free_func(site_free);
  network->flights = g_hash_table_new_full(NULL, NULL, flight_free, NULL);
  add_stun_server(network);
  return network;
}

void
fake_network_free(FakeNetwork *network)
{
  g_hash_table_unref(network->flights);
  g_ptr_array_unref(network->sites);
  g_rand_free(network->dice);
  g_free(network);
}

void
fake_network_set_loss(FakeNetwork *network, guint percent)
{
  network->loss_percent = percent;
}

guint
fake_network_get_delay(FakeNetwork *network)
{
  return network->delay_ms;
}

FakeSite *
fake_network_add_site(FakeNetwork *network, const char *public_address, FwdNatBehaviour mapping,
                      FwdNatBehaviour filtering)
{
  FakeSite *site = g_new0(FakeSite, 1);

  site->network = network;
  site->nat = public_address != NULL;
  if (site->nat)
    g_assert_true(fwd_endpoint_from_address(public_address, 0, &site->public));
  site->mapping = mapping;
  site->filtering = filtering;
  site->ports = FWD_PORTS_SEQUENTIAL;
  site->delta = 7;
  site->hosts = g_array_new(FALSE, FALSE, sizeof(Host));
  site->mappings = g_ptr_array_new_with_free_func(mapping_free);
  g_ptr_array_add(network->sites, site);
  return site;
}

void
fake_site_set_ports(FakeSite *site, FwdPortPattern ports, gint delta)
{
  site->ports = ports;
  site->delta = delta;
}

void
fake_site_set_noise(FakeSite *site, guint count)
{
  site->noise = count;
}

void
fake_site_get_report(const FakeSite *site, FwdNatReport *report)
{
  *report = (FwdNatReport){0};
  report->mapping = site->nat ? site->mapping : FWD_NAT_NONE;
  report->filtering = site->nat ? site->filtering : FWD_NAT_NONE;
  if (site->nat)
    report->public4 = site->public;
}

void
fake_site_add_host(FakeSite *site, const FwdEndpoint *endpoint, FakeReceiver receiver,
                   gpointer user_data)
{
  const Host host = {*endpoint, receiver, user_data};
  g_array_append_val(site->hosts, host);
}

void
fake_site_remove_hosts(FakeSite *site, gpointer user_data)
{
  for (guint i = site->hosts->len; i > 0; i--)
    if (g_array_index(site->hosts, Host, i - 1).user_data == user_data)
      g_array_remove_index(site->hosts, i - 1);
}

static const Host *
find_host(const FakeSite *site, const FwdEndpoint *endpoint)
{
  for (guint i = 0; i < site->hosts->len; i++) {
    const Host *host = &g_array_index(site->hosts, Host, i);
    if (fwd_endpoint_equal(&host->endpoint, endpoint))
      return host;
  }
  return NULL;
}

/* As much of @remote as a NAT of this behaviour tells apart (RFC 4787, 4.1 and 5). */
static FwdEndpoint
seen_by(FwdNatBehaviour behaviour, const FwdEndpoint *remote)
{
  FwdEndpoint seen = *remote;

  if (behaviour == FWD_NAT_ENDPOINT_INDEPENDENT)
    fwd_endpoint_any(fwd_endpoint_family(remote), &seen);
  else if (behaviour == FWD_NAT_ADDRESS_DEPENDENT)
    fwd_endpoint_set_port(&seen, 0);
  return seen;
}

static gboolean
allows(const Mapping *mapping, const FwdEndpoint *seen)
{
  for (guint i = 0; i < mapping->allowed->len; i++)
    if (fwd_endpoint_equal(&g_array_index(mapping->allowed, FwdEndpoint, i), seen))
      return TRUE;
  return FALSE;
}

static gboolean
is_taken(const FakeSite *site, guint16 port)
{
  for (guint i = 0; i < site->mappings->len; i++)
    if (fwd_endpoint_port(&((Mapping *)site->mappings->pdata[i])->public) == port)
      return TRUE;
  return FALSE;
}

static guint16
give_port(FakeSite *site)
{
  guint16 port;

  if (site->ports != FWD_PORTS_RANDOM) {
    port = (guint16)(FIRST_PORT + site->delta * (gint)site->given);
    site->given += 1 + site->noise;
    return port;
  }
  do
    port = (guint16)g_rand_int_range(site->network->dice, 1024, 65536);
  while (is_taken(site, port));
  return port;
}

static Mapping *
add_mapping(FakeSite *site, const FwdEndpoint *host, const FwdEndpoint *remote)
{
  Mapping *mapping = g_new0(Mapping, 1);

  mapping->host = *host;
  mapping->remote = *remote;
  mapping->public = site->public;
  fwd_endpoint_set_port(&mapping->public, give_port(site));
  mapping->allowed = g_array_new(FALSE, FALSE, sizeof(FwdEndpoint));
  g_ptr_array_add(site->mappings, mapping);
  return mapping;
}

static Mapping *
map_outwards(FakeSite *site, const FwdEndpoint *host, const FwdEndpoint *to)
{
  const FwdEndpoint remote = seen_by(site->mapping, to);
  const FwdEndpoint allowed = seen_by(site->filtering, to);
  Mapping *found = NULL;

  for (guint i = 0; i < site->mappings->len && found == NULL; i++) {
    Mapping *mapping = g_ptr_array_index(site->mappings, i);
    if (fwd_endpoint_equal(&mapping->host, host) &&
        fwd_endpoint_equal(&mapping->remote, &remote))
      found = mapping;
  }
  if (found == NULL)
    found = add_mapping(site, host, &remote);
  if (!allows(found, &allowed))
    g_array_append_val(found->allowed, allowed);
  return found;
}

gboolean
fake_site_get_reflexive(FakeSite *site, const FwdEndpoint *host, FwdEndpoint *reflexive)
{
  FwdEndpoint server;

  if (!site->nat)
    return FALSE;
  fake_network_get_stun_server(&server);
  *reflexive = map_outwards(site, host, &server)->public;
  return TRUE;
}

guint
fake_site_count_mappings(const FakeSite *site, const FwdEndpoint *host)
{
  FwdEndpoint server;
  guint count = 0;

  fake_network_get_stun_server(&server);
  for (guint i = 0; i < site->mappings->len; i++) {
    const Mapping *mapping = g_ptr_array_index(site->mappings, i);
    count += fwd_endpoint_equal(&mapping->host, host) &&
             !fwd_endpoint_same_address(&mapping->remote, &server);
  }
  return count;
}

/* The host behind the NAT to which a packet from outside leads, if it is let in. */
static const Host *
map_inwards(const FakeSite *site, const FakePacket *packet)
{
  const FwdEndpoint seen = seen_by(site->filtering, &packet->from);

  for (guint i = 0; i < site->mappings->len; i++) {
    const Mapping *mapping = g_ptr_array_index(site->mappings, i);
    if (fwd_endpoint_equal(&mapping->public, &packet->to))
      return allows(mapping, &seen) ? find_host(site, &mapping->host) : NULL;
  }
  return NULL;
}

/* Where the packet ends up; a NAT here does no hairpinning. */
static const Host *
route(const Flight *flight)
{
  const GPtrArray *sites = flight->site->network->sites;
  const Host *host = find_host(flight->site, &flight->packet.to);

  for (guint i = 0; i < sites->len && host == NULL; i++) {
    const FakeSite *site = g_ptr_array_index(sites, i);
    if (site != flight->site)
      host =
          site->nat ? map_inwards(site, &flight->packet) : find_host(site, &flight->packet.to);
  }
  return host;
}

static gboolean
on_arrival(gpointer user_data)
{
  Flight *flight = user_data;
  const Host *host = route(flight);

  flight->source = 0;
  if (host != NULL) {
    const Host receiver = *host;
    receiver.receiver(&flight->packet, &receiver.endpoint, receiver.user_data);
  }
  g_hash_table_remove(flight->site->network->flights, flight);
  return G_SOURCE_REMOVE;
}

void
fake_site_send(FakeSite *site, const FwdEndpoint *host, const FwdEndpoint *to,
               const guint8 *data, gsize length)
{
  FakeNetwork *network = site->network;
  Flight *flight;
  FwdEndpoint from = *host;
  const gboolean local = find_host(site, to) != NULL;

  if (site->nat && !local && fwd_endpoint_family(to) == AF_INET)
    from = map_outwards(site, host, to)->public;
  if (!local && fwd_endpoint_is_private(to))
    return;
  if ((guint)g_rand_int_range(network->dice, 0, 100) < network->loss_percent)
    return;
  flight = g_new0(Flight, 1);
  flight->site = site;
  flight->packet = (FakePacket){.from = from, .to = *to, .length = length};
  g_assert_cmpuint(length, <=, FAKE_PACKET_MAX);
  memcpy(flight->packet.data, data, length);
  flight->source = g_timeout_add(network->delay_ms, on_arrival, flight);
  g_hash_table_add(network->flights, flight);
}
