/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/nat-observation.h"

#define LOCAL "10.0.0.2:5000"

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint endpoint;

  if (text == NULL)
    fwd_endpoint_any(AF_UNSPEC, &endpoint);
  else
    g_assert_true(fwd_endpoint_parse(text, &endpoint, NULL));
  return endpoint;
}

/* Pairs of server and mapped endpoint. */
typedef struct {
  const char *seen[4][2];
  guint count;
  FwdNatBehaviour mapping;
  FwdPortPattern ports;
  guint addresses;
  const char *public;
} Case;

static const Case cases[] = {
    {{{NULL}}, 0, FWD_NAT_UNKNOWN, FWD_PORTS_UNKNOWN, 0, NULL},
    /* Asked, not answered. */
    {{{"192.0.2.1:1", NULL}, {"192.0.2.2:1", NULL}},
     2,
     FWD_NAT_UNKNOWN,
     FWD_PORTS_UNKNOWN,
     0,
     NULL},
    /* No NAT. */
    {{{"192.0.2.1:1", LOCAL}}, 1, FWD_NAT_NONE, FWD_PORTS_PRESERVED, 1, LOCAL},
    /* One server on this side of the NAT, one outside: there is a NAT. */
    {{{"192.0.2.1:1", LOCAL}, {"192.0.2.2:1", "203.0.113.7:9"}},
     2,
     FWD_NAT_UNKNOWN,
     FWD_PORTS_UNKNOWN,
     2,
     "203.0.113.7:9"},
    /* The same mapping for another port says nothing about other addresses. */
    {{{"192.0.2.1:1", "203.0.113.7:5000"}, {"192.0.2.1:2", "203.0.113.7:5000"}},
     2,
     FWD_NAT_UNKNOWN,
     FWD_PORTS_PRESERVED,
     1,
     "203.0.113.7:5000"},
    {{{"192.0.2.1:1", "203.0.113.7:9"}, {"192.0.2.1:2", "203.0.113.7:10"}},
     2,
     FWD_NAT_ADDRESS_AND_PORT_DEPENDENT,
     FWD_PORTS_UNKNOWN,
     1,
     "203.0.113.7:9"},
    {{{"192.0.2.1:1", NULL},
      {"192.0.2.2:1", "203.0.113.7:9"},
      {"192.0.2.3:1", "203.0.113.7:9"}},
     3,
     FWD_NAT_ENDPOINT_INDEPENDENT,
     FWD_PORTS_UNKNOWN,
     1,
     "203.0.113.7:9"},
    /* Another mapping for another address: it may depend on the port as well. */
    {{{"192.0.2.1:1", "203.0.113.7:9"}, {"192.0.2.2:1", "203.0.113.8:9"}},
     2,
     FWD_NAT_ADDRESS_AND_PORT_DEPENDENT,
     FWD_PORTS_UNKNOWN,
     2,
     "203.0.113.7:9"},
    {{{"192.0.2.1:1", "203.0.113.7:9"},
      {"192.0.2.2:1", "203.0.113.7:10"},
      {"192.0.2.2:2", "203.0.113.7:10"}},
     3,
     FWD_NAT_ADDRESS_DEPENDENT,
     FWD_PORTS_UNKNOWN,
     1,
     "203.0.113.7:9"},
    /* The same server twice: a mapping that expired in between proves nothing. */
    {{{"192.0.2.1:1", "203.0.113.7:9"}, {"192.0.2.1:1", "203.0.113.7:10"}},
     2,
     FWD_NAT_UNKNOWN,
     FWD_PORTS_UNKNOWN,
     1,
     "203.0.113.7:9"},
};

static void
check(const Case *expected)
{
  g_autoptr(GArray) host = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));
  FwdCandidate candidate = {.endpoint = endpoint(LOCAL)};
  FwdNatObservation items[4] = {0};
  FwdNatObservations observations = {items, expected->count, host};
  const FwdEndpoint *public;

  g_array_append_val(host, candidate);
  for (guint i = 0; i < expected->count; i++) {
    items[i].server = endpoint(expected->seen[i][0]);
    items[i].mapped = endpoint(expected->seen[i][1]);
  }
  g_assert_cmpuint(fwd_nat_mapping(&observations), ==, expected->mapping);
  g_assert_cmpuint(fwd_nat_filtering(&observations), ==, FWD_NAT_UNKNOWN);
  g_assert_cmpuint(fwd_nat_ports(&observations), ==, expected->ports);
  g_assert_cmpuint(fwd_nat_public_addresses(&observations), ==, expected->addresses);
  public = fwd_nat_public_endpoint(&observations);
  g_assert_true((public == NULL) == (expected->public == NULL));
  if (public != NULL) {
    g_autofree char *text = fwd_endpoint_to_string(public);

    g_assert_cmpstr(text, ==, expected->public);
  }
}

static void
test_cases(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    check(&cases[i]);
}

/* Where the two answers to change requests came from; NULL for none, "" for an error. */
typedef struct {
  const char *from_address;
  const char *from_port;
  FwdNatBehaviour filtering;
} FilteringCase;

static void
set_answer(FwdNatObservation *item, const char *source, guint32 change_request)
{
  item->server = endpoint("192.0.2.1:1");
  item->change_request = change_request;
  item->is_answered = source != NULL;
  item->source = endpoint(source == NULL || *source == '\0' ? NULL : source);
}

static void
test_filtering(void)
{
  static const FilteringCase filtering[] = {
      {"192.0.2.2:2", "192.0.2.1:2", FWD_NAT_ENDPOINT_INDEPENDENT},
      {"192.0.2.2:2", NULL, FWD_NAT_ENDPOINT_INDEPENDENT},
      {NULL, "192.0.2.1:2", FWD_NAT_ADDRESS_DEPENDENT},
      {NULL, NULL, FWD_NAT_ADDRESS_AND_PORT_DEPENDENT},
      {"", NULL, FWD_NAT_ADDRESS_AND_PORT_DEPENDENT},
      {"", "192.0.2.1:2", FWD_NAT_UNKNOWN},
      {NULL, "", FWD_NAT_UNKNOWN},
      {"192.0.2.1:1", "192.0.2.1:1", FWD_NAT_UNKNOWN},
      {"192.0.2.2:1", "192.0.2.2:2", FWD_NAT_UNKNOWN},
  };
  g_autoptr(GArray) host = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));

  for (gsize i = 0; i < G_N_ELEMENTS(filtering); i++) {
    FwdNatObservation items[2] = {0};
    FwdNatObservations observations = {items, 2, host};

    set_answer(&items[0], filtering[i].from_address,
               FWD_STUN_CHANGE_ADDRESS | FWD_STUN_CHANGE_PORT);
    set_answer(&items[1], filtering[i].from_port, FWD_STUN_CHANGE_PORT);
    g_assert_cmpuint(fwd_nat_filtering(&observations), ==, filtering[i].filtering);
  }
}

static void
test_asked(void)
{
  g_autoptr(GArray) host = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));
  FwdNatObservation item = {.server = endpoint("192.0.2.1:1")};
  FwdNatObservations observations = {&item, 1, host};
  FwdEndpoint same = endpoint("192.0.2.1:1"), port = endpoint("192.0.2.1:2");

  g_assert_true(fwd_nat_was_asked(&observations, &same));
  g_assert_false(fwd_nat_was_asked(&observations, &port));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/nat-observation/mapping", test_cases);
  g_test_add_func("/nat-observation/filtering", test_filtering);
  g_test_add_func("/nat-observation/asked", test_asked);
  return g_test_run();
}
