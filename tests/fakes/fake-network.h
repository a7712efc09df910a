/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * An internet of sites, each behind a NAT of chosen behaviour (RFC 4787) or
 * open, with a delay and a loss, and a STUN server. Carries small packets between
 * hosts by their endpoints; whatever happens, happens on the default main context.
 */
#pragma once

#include <stunfwd/nat.h>

#define FAKE_PACKET_MAX 256

typedef struct FakeNetwork FakeNetwork;
typedef struct FakeSite FakeSite;

typedef struct {
  FwdEndpoint from; /**< as the receiver sees it */
  FwdEndpoint to;   /**< as the sender wrote it */
  guint8 data[FAKE_PACKET_MAX];
  gsize length;
} FakePacket;

typedef void (*FakeReceiver)(const FakePacket *packet, const FwdEndpoint *host,
                             gpointer user_data);

FakeNetwork *fake_network_new(guint delay_ms, guint loss_percent);
void fake_network_free(FakeNetwork *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeNetwork, fake_network_free)

void fake_network_set_loss(FakeNetwork *network, guint percent);
guint fake_network_get_delay(FakeNetwork *network);
void fake_network_get_stun_server(FwdEndpoint *server);

/** @public_address NULL: no NAT, and the hosts' own endpoints are public. */
FakeSite *fake_network_add_site(FakeNetwork *network, const char *public_address,
                                FwdNatBehaviour mapping, FwdNatBehaviour filtering);
/** How its NAT gives ports: SEQUENTIAL, @delta apart, or RANDOM. Before: SEQUENTIAL by 7. */
void fake_site_set_ports(FakeSite *site, FwdPortPattern ports, gint delta);
/** The NAT serves other hosts as well: each mapping is followed by @count of theirs. */
void fake_site_set_noise(FakeSite *site, guint count);
void fake_site_get_report(const FakeSite *site, FwdNatReport *report);

void fake_site_add_host(FakeSite *site, const FwdEndpoint *host, FakeReceiver receiver,
                        gpointer user_data);
void fake_site_remove_hosts(FakeSite *site, gpointer user_data);

/** What a STUN server would tell @host of itself; FALSE without a NAT. */
gboolean
fake_site_get_reflexive(FakeSite *site, const FwdEndpoint *host, FwdEndpoint *reflexive);

/** Entries of the NAT's table that lead to @host, without that of a STUN server. */
guint fake_site_count_mappings(const FakeSite *site, const FwdEndpoint *host);

/** Sends from @host, an endpoint of this site; @length at most FAKE_PACKET_MAX. */
void fake_site_send(FakeSite *site, const FwdEndpoint *host, const FwdEndpoint *to,
                    const guint8 *data, gsize length);
