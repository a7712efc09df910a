/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nat-unknown.h"

typedef struct {
  FwdNatUnknown *items;
  guint count;
} List;

static void
add(List *list, gboolean is_unknown, const char *what, const char *why)
{
  if (is_unknown)
    list->items[list->count++] = (FwdNatUnknown){what, why};
}

static const char *
why_no_lifetime(const FwdNatReport *report, gboolean asked)
{
  if (!asked)
    return "it takes minutes: --lifetime measures it";
  return report->ports == FWD_PORTS_PRESERVED
             ? "ports are preserved and no STUN server that answered does RESPONSE-PORT"
             : "the STUN server stopped answering";
}

/* What there is of a NAT only. */
static void
add_of_nat(List *list, const FwdNatReport *report, gboolean asked_lifetime)
{
  add(list, report->hairpinning == FWD_ANSWER_UNKNOWN, "hairpinning",
      "fewer than two further sockets got an answer");
  add(list, report->ports == FWD_PORTS_UNKNOWN, "ports",
      "fewer than three further sockets got an answer");
  add(list, report->hops == 0, "hops",
      "no router with a private address said that packets ran out of hops");
  add(list, report->lifetime_seconds == 0, "lifetime_seconds",
      why_no_lifetime(report, asked_lifetime));
}

guint
fwd_nat_list_unknown(const FwdNatReport *report, gboolean asked_lifetime, FwdNatUnknown *list)
{
  static const char nobody[] = "no STUN server answered over UDP";
  List unknown = {list, 0};

  if (report->udp_blocked) {
    add(&unknown, TRUE, "mapping", nobody);
    add(&unknown, TRUE, "filtering", nobody);
    add(&unknown, TRUE, "ports", nobody);
    return unknown.count;
  }
  add(&unknown, report->mapping == FWD_NAT_UNKNOWN, "mapping",
      "it takes answers from two addresses: name a second STUN server, or one of RFC 5780");
  add(&unknown, report->filtering == FWD_NAT_UNKNOWN, "filtering",
      report->has_second_address ? "the STUN server did not answer from its second address"
                                 : "no STUN server that answered has a second address");
  if (report->mapping != FWD_NAT_NONE)
    add_of_nat(&unknown, report, asked_lifetime);
  return unknown.count;
}
