/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/ipv6-flags.h"

#include <glib/gstdio.h>

static GArray *
unusable_in(const char *text)
{
  g_autofree char *file = g_build_filename(g_get_tmp_dir(), "if_inet6-XXXXXX", NULL);
  int fd = g_mkstemp(file);
  GArray *unusable;

  g_assert_cmpint(fd, >=, 0);
  g_assert_true(g_close(fd, NULL));
  g_assert_true(g_file_set_contents(file, text, -1, NULL));
  unusable = fwd_ipv6_flags_unusable(file);
  g_assert_cmpint(g_unlink(file), ==, 0);
  return unusable;
}

static void
test_flags(void)
{
  g_autoptr(GArray) unusable =
      unusable_in("00000000000000000000000000000001 01 80 10 80       lo\n"
                  "20010db8000000000000000000000001 02 40 00 00     eth0\n"
                  "20010db8000000000000000000000002 02 40 00 20     eth0\n"
                  "20010db8000000000000000000000003 02 40 00 01     eth0\n"
                  "20010db8000000000000000000000004 02 40 00 40     eth0\n"
                  "20010db8000000000000000000000005 02 40 00 c8     eth0\n"
                  "20010db8000000000000000000000006 0a 40 00 21     eth0\n");
  static const char *const expected[] = {
      "2001:db8::2",
      "2001:db8::4",
      "2001:db8::5",
      "2001:db8::6",
  };

  g_assert_cmpuint(unusable->len, ==, G_N_ELEMENTS(expected));
  for (guint i = 0; i < unusable->len; i++) {
    g_autofree char *text =
        fwd_endpoint_address_to_string(&g_array_index(unusable, FwdEndpoint, i));

    g_assert_cmpstr(text, ==, expected[i]);
  }
}

static void
test_not_understood(void)
{
  static const char *const texts[] = {
      "",
      "\n\n\n",
      "20010db8000000000000000000000002",
      "20010db8000000000000000000000002 02 40 00",
      "20010db80000000000000000000000 02 40 00 20 eth0\n",
      "20010db800000000000000000000000g 02 40 00 20 eth0\n",
      "2001:db8::2 02 40 00 20 eth0\n",
      "20010db800000000000000000000000202 02 40 00 20 eth0\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(GArray) unusable = unusable_in(texts[i]);

    g_assert_cmpuint(unusable->len, ==, 0);
  }
}

static void
test_no_file(void)
{
  g_autoptr(GArray) unusable = fwd_ipv6_flags_unusable("/nonexistent/if_inet6");

  g_assert_cmpuint(unusable->len, ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/ipv6-flags/flags", test_flags);
  g_test_add_func("/ipv6-flags/not-understood", test_not_understood);
  g_test_add_func("/ipv6-flags/no-file", test_no_file);
  return g_test_run();
}
