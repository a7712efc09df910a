/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/endpoint.h>
#include <stunfwd/error.h>

#include <string.h>

static FwdEndpoint
endpoint(const char *text)
{
  g_autoptr(GError) error = NULL;
  FwdEndpoint endpoint;

  fwd_endpoint_parse(text, &endpoint, &error);
  g_assert_no_error(error);
  return endpoint;
}

static FwdEndpoint
address(const char *text)
{
  FwdEndpoint endpoint;

  g_assert_true(fwd_endpoint_from_address(text, 0, &endpoint));
  return endpoint;
}

static void
test_text_round_trip(void)
{
  static const char *const texts[] = {
      "192.0.2.1:80",
      "0.0.0.0:0",
      "255.255.255.255:65535",
      "[2001:db8::1]:80",
      "[::]:0",
      "[fe80::1%lo]:53",
      "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
  };

  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    FwdEndpoint read = endpoint(texts[i]);
    char text[FWD_ENDPOINT_TEXT_MAX];
    g_autofree char *copy = fwd_endpoint_to_string(&read);

    g_assert_cmpstr(fwd_endpoint_format(&read, text), ==, texts[i]);
    g_assert_cmpstr(copy, ==, texts[i]);
  }
}

static void
test_parse_refuses(void)
{
  static const char *const texts[] = {"",
                                      ":",
                                      "192.0.2.1",
                                      "192.0.2.1:",
                                      "192.0.2.1:65536",
                                      ":80",
                                      "[]:80",
                                      "192.0.2.1:-1",
                                      "192.0.2.1:+80",
                                      "192.0.2.1: 80",
                                      "name:80",
                                      "192.0.2:80",
                                      "2001:db8::1:80",
                                      "[192.0.2.1]:80",
                                      "[2001:db8::1]80",
                                      "[::1",
                                      "::1]:80",
                                      "[::1]]:80",
                                      "[::1]:80 ",
                                      "[fe80::1%nonesuch]:80",
                                      "[::1%]:1",
                                      "[::1%0]:1",
                                      "192.0.2.1:0x50",
                                      "192.0.2.1%lo:1",
                                      "192.0.2.1:99999999999",
                                      "[::1]:",
                                      "0300.0.0.1:1",
                                      "192.0.2.1:80\n",
                                      "\xff\xfe:80",
                                      "a\nb:80"};

  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(GError) error = NULL;
    FwdEndpoint read;

    g_assert_false(fwd_endpoint_parse(texts[i], &read, &error));
    g_assert_error(error, FWD_NET_ERROR, FWD_ERROR_INVALID);
    g_assert_null(strchr(error->message, '\n'));
    g_assert_true(g_str_is_ascii(error->message));
  }
}

static void
test_parse_refuses_long_text(void)
{
  g_autofree char *text = g_strnfill(100000, '1');
  g_autoptr(GError) error = NULL;
  FwdEndpoint read;

  g_assert_false(fwd_endpoint_parse(text, &read, &error));
  g_assert_error(error, FWD_NET_ERROR, FWD_ERROR_INVALID);
  g_assert_cmpuint(strlen(error->message), <, 200);
  g_assert_false(fwd_endpoint_from_address(text, 1, &read));
}

static void
test_scope(void)
{
  FwdEndpoint by_name = address("fe80::1%lo"), by_number = address("fe80::1%1");
  FwdEndpoint unscoped = address("fe80::1"), unnamed = address("fe80::1%2000000000");
  g_autofree char *text = fwd_endpoint_address_to_string(&unnamed);

  g_assert_true(fwd_endpoint_equal(&by_name, &by_number));
  g_assert_false(fwd_endpoint_equal(&by_name, &unscoped));
  g_assert_false(fwd_endpoint_same_network(&by_name, &unscoped, 64));
  g_assert_cmpstr(text, ==, "fe80::1%2000000000");
}

static void
test_mapped_becomes_ipv4(void)
{
  FwdEndpoint plain = endpoint("192.0.2.1:7"), mapped = endpoint("[::ffff:192.0.2.1]:7");
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = g_htons(7)};
  FwdEndpoint taken;

  g_assert_true(fwd_endpoint_equal(&plain, &mapped));
  memcpy(&in6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1", 16);
  g_assert_true(fwd_endpoint_from_sockaddr((struct sockaddr *)&in6, sizeof in6, &taken));
  g_assert_true(fwd_endpoint_equal(&plain, &taken));
}

static void
test_sockaddr(void)
{
  FwdEndpoint given = endpoint("192.0.2.1:7"), taken;
  struct sockaddr other = {.sa_family = AF_UNIX};

  g_assert_true(fwd_endpoint_from_sockaddr(&given.any, fwd_endpoint_length(&given), &taken));
  g_assert_true(fwd_endpoint_equal(&given, &taken));
  given.in4.sin_zero[3] = 9;
  g_assert_true(fwd_endpoint_equal(&given, &taken));
  g_assert_false(fwd_endpoint_from_sockaddr(&given.any, 15, &taken));
  g_assert_false(fwd_endpoint_from_sockaddr(&given.any, 0, &taken));
  given = endpoint("[2001:db8::1]:7");
  g_assert_false(fwd_endpoint_from_sockaddr(&given.any, 27, &taken));
  g_assert_true(fwd_endpoint_from_sockaddr(&given.any, 28, &taken));
  g_assert_false(fwd_endpoint_from_sockaddr(&other, sizeof other, &taken));
}

static void
test_unknown_family(void)
{
  FwdEndpoint none, also, some = endpoint("192.0.2.1:7");
  char text[FWD_ENDPOINT_TEXT_MAX];

  fwd_endpoint_any(AF_UNSPEC, &none);
  fwd_endpoint_any(AF_UNSPEC, &also);
  fwd_endpoint_set_port(&none, 80);
  g_assert_cmpstr(fwd_endpoint_format(&none, text), ==, "none");
  g_assert_cmpuint(fwd_endpoint_port(&none), ==, 0);
  g_assert_cmpuint(fwd_endpoint_length(&none), ==, 0);
  g_assert_true(fwd_endpoint_equal(&none, &also));
  g_assert_false(fwd_endpoint_equal(&none, &some));
  g_assert_false(fwd_endpoint_is_any(&none));
  g_assert_false(fwd_endpoint_is_loopback(&none));
  g_assert_false(fwd_endpoint_is_private(&none));
  g_assert_false(fwd_endpoint_same_network(&none, &also, 0));
}

static void
test_equality_and_hash(void)
{
  FwdEndpoint a = endpoint("192.0.2.1:7"), b = endpoint("192.0.2.1:8");
  FwdEndpoint c = endpoint("192.0.2.2:7"), d = endpoint("[2001:db8::1]:7");
  g_autoptr(FwdEndpoint) copy = fwd_endpoint_copy(&a);

  g_assert_true(fwd_endpoint_equal(&a, copy));
  g_assert_cmpuint(fwd_endpoint_hash(&a), ==, fwd_endpoint_hash(copy));
  g_assert_false(fwd_endpoint_equal(&a, &b));
  g_assert_true(fwd_endpoint_same_address(&a, &b));
  g_assert_cmpuint(fwd_endpoint_hash(&a), !=, fwd_endpoint_hash(&b));
  g_assert_false(fwd_endpoint_same_address(&a, &c));
  g_assert_false(fwd_endpoint_same_address(&a, &d));
  fwd_endpoint_set_port(&b, 7);
  g_assert_true(fwd_endpoint_equal(&a, &b));
  fwd_endpoint_set_port(&d, 65535);
  g_assert_cmpuint(fwd_endpoint_port(&d), ==, 65535);
}

typedef struct {
  const char *address;
  gboolean is_any, is_loopback, is_link_local, is_private;
} Kind;

static void
test_kinds(void)
{
  static const Kind kinds[] = {
      {"0.0.0.0", TRUE, FALSE, FALSE, FALSE},
      {"::", TRUE, FALSE, FALSE, FALSE},
      {"127.0.0.1", FALSE, TRUE, FALSE, FALSE},
      {"127.255.255.255", FALSE, TRUE, FALSE, FALSE},
      {"128.0.0.1", FALSE, FALSE, FALSE, FALSE},
      {"::1", FALSE, TRUE, FALSE, FALSE},
      {"169.254.0.1", FALSE, FALSE, TRUE, FALSE},
      {"169.253.0.1", FALSE, FALSE, FALSE, FALSE},
      {"fe80::1", FALSE, FALSE, TRUE, FALSE},
      {"febf::1", FALSE, FALSE, TRUE, FALSE},
      {"fec0::1", FALSE, FALSE, FALSE, FALSE},
      {"10.255.0.1", FALSE, FALSE, FALSE, TRUE},
      {"11.0.0.1", FALSE, FALSE, FALSE, FALSE},
      {"172.16.0.1", FALSE, FALSE, FALSE, TRUE},
      {"172.31.255.255", FALSE, FALSE, FALSE, TRUE},
      {"172.32.0.1", FALSE, FALSE, FALSE, FALSE},
      {"172.15.0.1", FALSE, FALSE, FALSE, FALSE},
      {"192.168.1.1", FALSE, FALSE, FALSE, TRUE},
      {"192.169.1.1", FALSE, FALSE, FALSE, FALSE},
      {"100.64.0.1", FALSE, FALSE, FALSE, TRUE},
      {"100.127.255.255", FALSE, FALSE, FALSE, TRUE},
      {"100.128.0.0", FALSE, FALSE, FALSE, FALSE},
      {"fc00::1", FALSE, FALSE, FALSE, TRUE},
      {"fdff::1", FALSE, FALSE, FALSE, TRUE},
      {"fe00::1", FALSE, FALSE, FALSE, FALSE},
      {"2001:db8::1", FALSE, FALSE, FALSE, FALSE},
  };

  for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
    FwdEndpoint read = address(kinds[i].address);

    g_assert_cmpint(fwd_endpoint_is_any(&read), ==, kinds[i].is_any);
    g_assert_cmpint(fwd_endpoint_is_loopback(&read), ==, kinds[i].is_loopback);
    g_assert_cmpint(fwd_endpoint_is_link_local(&read), ==, kinds[i].is_link_local);
    g_assert_cmpint(fwd_endpoint_is_private(&read), ==, kinds[i].is_private);
  }
}

static void
test_same_network(void)
{
  FwdEndpoint a = address("192.168.1.10"), b = address("192.168.1.200");
  FwdEndpoint c = address("2001:db8:0:1::1"), d = address("2001:db8:0:1:ffff::1");

  g_assert_true(fwd_endpoint_same_network(&a, &b, 24));
  g_assert_false(fwd_endpoint_same_network(&a, &b, 25));
  g_assert_true(fwd_endpoint_same_network(&a, &b, 0));
  g_assert_false(fwd_endpoint_same_network(&a, &b, 32));
  g_assert_false(fwd_endpoint_same_network(&a, &b, 4000000000u));
  g_assert_true(fwd_endpoint_same_network(&a, &a, 4000000000u));
  g_assert_true(fwd_endpoint_same_network(&c, &d, 64));
  g_assert_false(fwd_endpoint_same_network(&c, &d, 65));
  g_assert_false(fwd_endpoint_same_network(&a, &c, 0));
}

static void
test_boxed(void)
{
  FwdEndpoint given = endpoint("192.0.2.1:7");
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init(&value, FWD_TYPE_ENDPOINT);
  g_value_set_boxed(&value, &given);
  g_assert_true(g_value_get_boxed(&value) != &given);
  g_assert_true(fwd_endpoint_equal(g_value_get_boxed(&value), &given));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/endpoint/text/round-trip", test_text_round_trip);
  g_test_add_func("/endpoint/text/refused", test_parse_refuses);
  g_test_add_func("/endpoint/text/too-long", test_parse_refuses_long_text);
  g_test_add_func("/endpoint/text/scope", test_scope);
  g_test_add_func("/endpoint/ipv4-mapped", test_mapped_becomes_ipv4);
  g_test_add_func("/endpoint/sockaddr", test_sockaddr);
  g_test_add_func("/endpoint/unknown-family", test_unknown_family);
  g_test_add_func("/endpoint/equality", test_equality_and_hash);
  g_test_add_func("/endpoint/kinds", test_kinds);
  g_test_add_func("/endpoint/same-network", test_same_network);
  g_test_add_func("/endpoint/boxed", test_boxed);
  return g_test_run();
}
