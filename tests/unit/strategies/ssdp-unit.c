/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ssdp.h"

#include <string.h>

#define OK "HTTP/1.1 200 OK\r\n"

static void
assert_location(const char *text, const char *expected)
{
  g_autofree char *location = fwd_ssdp_read_location((const guint8 *)text, strlen(text));

  g_assert_cmpstr(location, ==, expected);
}

static void
test_answer(void)
{
  assert_location(OK "CACHE-CONTROL: max-age=120\r\nST: upnp:rootdevice\r\nEXT:\r\n"
                     "LOCATION: http://192.168.2.1:5000/rootDesc.xml\r\nOPT: \"x\"\r\n\r\n",
                  "http://192.168.2.1:5000/rootDesc.xml");
  assert_location(OK "location:http://192.168.2.1/d\r\n\r\n", "http://192.168.2.1/d");
  assert_location(OK "Location: \t http://192.168.2.1/d  \r\n", "http://192.168.2.1/d");
}

static void
test_no_answer(void)
{
  assert_location("", NULL);
  assert_location(OK, NULL);
  assert_location(OK "\r\nLOCATION: http://192.168.2.1/d\r\n", NULL);
  assert_location("NOTIFY * HTTP/1.1\r\nLOCATION: http://192.168.2.1/d\r\n\r\n", NULL);
  assert_location("HTTP/1.1 404 Not Found\r\nLOCATION: http://192.168.2.1/d\r\n\r\n", NULL);
  assert_location(OK "X-LOCATION: http://192.168.2.1/d\r\n\r\n", NULL);
}

static void
test_bad_location(void)
{
  assert_location(OK "LOCATION:\r\n\r\n", NULL);
  assert_location(OK "LOCATION: http://192.168.2.1/a b\r\n\r\n", NULL);
  assert_location(OK "LOCATION: http://192.168.2.1/\nX\r\n\r\n", NULL);
  assert_location(OK "LOCATION: http://192.168.2.1/\xc3\xa4\r\n\r\n", NULL);
}

static void
test_limits(void)
{
  g_autofree char *path = g_strnfill(FWD_SSDP_LOCATION_MAX - strlen("http://r/"), 'x');
  g_autofree char *longest = g_strconcat("http://r/", path, NULL);
  g_autofree char *fits = g_strconcat(OK "LOCATION: ", longest, "\r\n", NULL);
  g_autofree char *too_long = g_strconcat(OK "LOCATION: x", longest, "\r\n", NULL);
  g_autofree char *filler = g_strnfill(FWD_SSDP_MESSAGE_MAX, 'x');
  g_autofree char *large = g_strconcat(fits, "X: ", filler, NULL);

  assert_location(fits, longest);
  assert_location(too_long, NULL);
  assert_location(large, NULL);
}

static void
test_zero_byte(void)
{
  static const char data[] = OK "LOCATION: http://192.168.2.1/d\0\r\n";

  g_assert_null(fwd_ssdp_read_location((const guint8 *)data, sizeof data - 1));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/ssdp/answer", test_answer);
  g_test_add_func("/ssdp/no-answer", test_no_answer);
  g_test_add_func("/ssdp/bad-location", test_bad_location);
  g_test_add_func("/ssdp/limits", test_limits);
  g_test_add_func("/ssdp/zero-byte", test_zero_byte);
  return g_test_run();
}
