/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/error.h>
#include <stunfwd/mapping.h>
#include <string.h>

typedef struct {
  const char *text;
  const char *canonical;
  const char *forwarder;
  const char *bind;
  guint16 port;
  const char *target_forwarder;
  const char *target;
} Example;

static const Example examples[] = {
    {"tcp:8080:22", "tcp:8080:22", "tcp", "127.0.0.1", 8080, "tcp", "localhost:22"},
    {"tcp:08080:0022", "tcp:8080:22", "tcp", "127.0.0.1", 8080, "tcp", "localhost:22"},
    {"udp:5000:10.0.0.9:53", "udp:5000:10.0.0.9:53", "udp", "127.0.0.1", 5000, "udp",
     "10.0.0.9:53"},
    {"tcp:0.0.0.0:8080:22", "tcp:0.0.0.0:8080:22", "tcp", "0.0.0.0", 8080, "tcp",
     "localhost:22"},
    {"tcp:127.0.0.1:8080:localhost:22", "tcp:8080:22", "tcp", "127.0.0.1", 8080, "tcp",
     "localhost:22"},
    {"tcp:localhost:8080:22", "tcp:8080:22", "tcp", "127.0.0.1", 8080, "tcp", "localhost:22"},
    {"tcp:[::1]:8080:22", "tcp:[::1]:8080:22", "tcp", "::1", 8080, "tcp", "localhost:22"},
    {"tcp:[0:0::1]:8080:[2001:DB8:0::5]:22", "tcp:[::1]:8080:[2001:db8::5]:22", "tcp", "::1",
     8080, "tcp", "[2001:db8::5]:22"},
    {"tcp:[fe80::1%eth0]:80:22", "tcp:[fe80::1%eth0]:80:22", "tcp", "fe80::1%eth0", 80, "tcp",
     "localhost:22"},
    {"tcp:80:Host.Example.:22", "tcp:80:host.example.:22", "tcp", "127.0.0.1", 80, "tcp",
     "host.example.:22"},
    {"tcp:0:22", "tcp:0:22", "tcp", "127.0.0.1", 0, "tcp", "localhost:22"},
    {"tcp:65535:65535", "tcp:65535:65535", "tcp", "127.0.0.1", 65535, "tcp", "localhost:65535"},
    {"tcp:80:tcp:81", "tcp:80:81", "tcp", "127.0.0.1", 80, "tcp", "localhost:81"},
    {"unix:/run/a.sock:/run/b.sock", "unix:/run/a.sock:/run/b.sock", "unix", "/run/a.sock", 0,
     "unix", "/run/b.sock"},
    {"unix:/run/a.sock:/run/b:c", "unix:/run/a.sock:/run/b:c", "unix", "/run/a.sock", 0, "unix",
     "/run/b:c"},
    {"unix:/run/a.sock:unix:/run/b", "unix:/run/a.sock:/run/b", "unix", "/run/a.sock", 0,
     "unix", "/run/b"},
    {"unix:/run/a.sock:tcp:22", "unix:/run/a.sock:tcp:22", "unix", "/run/a.sock", 0, "tcp",
     "localhost:22"},
    {"unix:/run/a.sock:tcp:[::1]:22", "unix:/run/a.sock:tcp:[::1]:22", "unix", "/run/a.sock", 0,
     "tcp", "[::1]:22"},
    {"tcp:2375:unix:/var/run/docker.sock", "tcp:2375:unix:/var/run/docker.sock", "tcp",
     "127.0.0.1", 2375, "unix", "/var/run/docker.sock"},
    {"tcp:[::]:2375:unix:/run/x", "tcp:[::]:2375:unix:/run/x", "tcp", "::", 2375, "unix",
     "/run/x"},
    {"socks5:1080", "socks5:1080", "socks5", "127.0.0.1", 1080, "tcp", ""},
    {"socks5:0.0.0.0:1080", "socks5:0.0.0.0:1080", "socks5", "0.0.0.0", 1080, "tcp", ""},
    {"socks5:[::1]:0", "socks5:[::1]:0", "socks5", "::1", 0, "tcp", ""},
};

static void
assert_fields(const FwdMapping *mapping, const Example *example)
{
  g_assert_cmpstr(fwd_mapping_to_string(mapping), ==, example->canonical);
  g_assert_cmpstr(fwd_mapping_get_forwarder(mapping), ==, example->forwarder);
  g_assert_cmpstr(fwd_mapping_get_bind(mapping), ==, example->bind);
  g_assert_cmpuint(fwd_mapping_get_port(mapping), ==, example->port);
  g_assert_cmpstr(fwd_mapping_get_target_forwarder(mapping), ==, example->target_forwarder);
  g_assert_cmpstr(fwd_mapping_get_target(mapping), ==, example->target);
}

static void
test_examples(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(examples); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) mappings = fwd_mapping_parse(examples[i].text, &error);

    g_test_message("%s", examples[i].text);
    g_assert_no_error(error);
    g_assert_cmpuint(mappings->len, ==, 1);
    assert_fields(mappings->pdata[0], &examples[i]);
    g_assert_false(fwd_mapping_is_reverse(mappings->pdata[0]));
  }
}

static void
test_canonical_text_is_stable(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(examples); i++) {
    g_autoptr(GPtrArray) mappings = fwd_mapping_parse(examples[i].canonical, NULL);

    g_assert_nonnull(mappings);
    g_assert_cmpstr(fwd_mapping_to_string(mappings->pdata[0]), ==, examples[i].canonical);
  }
}

static void
test_reverse(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(examples); i++) {
    g_autofree char *text = g_strconcat("R:", examples[i].text, NULL);
    g_autofree char *canonical = g_strconcat("R:", examples[i].canonical, NULL);
    g_autoptr(GPtrArray) mappings = fwd_mapping_parse(text, NULL);
    Example expected = examples[i];

    expected.canonical = canonical;
    g_assert_nonnull(mappings);
    assert_fields(mappings->pdata[0], &expected);
    g_assert_true(fwd_mapping_is_reverse(mappings->pdata[0]));
  }
}

static void
test_range(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) mappings =
      fwd_mapping_parse("R:udp:0.0.0.0:8000-8010:10.0.0.1:9000-9010", &error);

  g_assert_no_error(error);
  g_assert_cmpuint(mappings->len, ==, 11);
  for (guint i = 0; i < mappings->len; i++) {
    g_autofree char *text = g_strdup_printf("R:udp:0.0.0.0:%u:10.0.0.1:%u", 8000 + i, 9000 + i);
    g_assert_cmpstr(fwd_mapping_to_string(mappings->pdata[i]), ==, text);
  }
  g_assert_true(fwd_mapping_get_traffic(mappings->pdata[0]) !=
                fwd_mapping_get_traffic(mappings->pdata[1]));
}

static void
test_range_limits(void)
{
  g_autoptr(GPtrArray) one = fwd_mapping_parse("tcp:80-80:90", NULL);
  g_autoptr(GPtrArray) most = fwd_mapping_parse("tcp:1-1024:64512-65535", NULL);
  g_autoptr(GPtrArray) more = fwd_mapping_parse("tcp:1-1025:1-1025", NULL);

  g_assert_cmpuint(one->len, ==, 1);
  g_assert_cmpuint(most->len, ==, 1024);
  g_assert_null(more);
}

/* Each wrong text, and the part of it that the line must name. */
static const struct {
  const char *text;
  const char *complaint;
} mistakes[] = {
    {"", "a mapping is empty"},
    {"tcp", "nothing follows \"tcp\""},
    {"tcp:", "a port is missing"},
    {"R:", "\"\" is not one of tcp, udp, unix, socks5"},
    {"R:R:tcp:1:2", "\"R\" is not one of"},
    {"r:tcp:1:2", "\"r\" is not one of"},
    {"TCP:1:2", "\"TCP\" is not one of"},
    {"sctp:1:2", "\"sctp\" is not one of"},
    {"8080:22", "\"8080\" is not one of"},
    {"tcp:8080", "the target is missing"},
    {"tcp:8080:", "a port is missing"},
    {"tcp::22", "a host is missing"},
    {"tcp:0.0.0.0:8080", "the target is missing"},
    {"tcp:99999:22", "port 99999 is above 65535"},
    {"tcp:65536:22", "port 65536 is above 65535"},
    {"tcp:22:18446744073709551638", "port 18446744073709551638 is above 65535"},
    {"tcp:abc:22", "\"abc\" is not a numeric address to listen on"},
    {"tcp:abc", "\"abc\" is not a port"},
    {"tcp:-1:22", "a port is missing"},
    {"tcp:1-:22", "a port is missing"},
    {"tcp:1-2-3:22", "\"2-3\" is not a port"},
    {"tcp:+1:22", "\"+1\" is not a host name"},
    {"tcp: 80:22", "\" 80\" is not a host name"},
    {"tcp:80:0x16", "\"0x16\" is not a port"},
    {"tcp:80:0", "port 0 cannot be a target"},
    {"tcp:80:host:0", "port 0 cannot be a target"},
    {"tcp:0-5:1-6", "port 0 cannot stand in the range \"0-5\""},
    {"tcp:9-5:9-5", "the range \"9-5\" runs backwards"},
    {"tcp:1-2000:1-2000", "the range \"1-2000\" has more than 1024 ports"},
    {"tcp:8000-8010:9000", "11 ports cannot lead to 1"},
    {"tcp:8000:9000-9010", "1 ports cannot lead to 11"},
    {"tcp:80:unix:/a:/b/", "\"/a:/b/\" is a directory"},
    {"tcp:80-81:unix:/a", "2 ports cannot lead to 1"},
    {"tcp:::1:80:22", "a host is missing"},
    {"tcp:80:2001:db8::1:22", "left over; an IPv6 address stands in brackets"},
    {"tcp:80:host:22:5", "\"5\" is left over"},
    {"tcp:80:host:22:", "\"\" is left over"},
    {"tcp:[::1:80:22", "has no closing bracket"},
    {"tcp:[::1]80:22", "\"80:22\" follows a closing bracket"},
    {"tcp:[]:80:22", "\"[]\" is not an IPv6 address"},
    {"tcp:[::g]:80:22", "\"[::g]\" is not an IPv6 address"},
    {"tcp:[1.2.3.4]:80:22", "\"[1.2.3.4]\" is not an IPv6 address"},
    {"tcp:[fe80::1%]:80:22", "\"[fe80::1%]\" is not an IPv6 address"},
    {"tcp:[fe80::1%an-interface-too-long]:80:22", "is not an IPv6 address"},
    {"tcp:[::1]", "is not a port"},
    {"tcp:256.0.0.1:80:22", "\"256.0.0.1\" is not a host name or address"},
    {"tcp:80:1.2.3:22", "\"1.2.3\" is not a host name or address"},
    {"tcp:80:-a.example:22", "\"-a.example\" is not a host name"},
    {"tcp:80:a..example:22", "\"a..example\" is not a host name"},
    {"tcp:80:a_b/c:22", "\"a_b/c\" is not a host name"},
    {"tcp:example.org:80:22", "\"example.org\" is not a numeric address"},
    {"tcp:80:Unix:22", "\"Unix\" names a forwarder and cannot be a host"},
    {"tcp:80:tcp:tcp:22", "\"tcp\" names a forwarder and cannot be a host"},
    {"udp:53:unix:/run/x", "a udp port leads to udp alone"},
    {"udp:53:tcp:53", "a udp port leads to udp alone"},
    {"unix:", "\"\" is not an absolute path"},
    {"unix:/run/a.sock", "the target is missing"},
    {"unix:a.sock:/run/b", "\"a.sock\" is not an absolute path"},
    {"unix:/run/a:b.sock", "\"b.sock\" is not an absolute path"},
    {"unix:/run/a:/", "\"/\" is a directory"},
    {"unix:/run/:/run/b", "\"/run/\" is a directory"},
    {"socks5:1080:22", "\"22\" is left over: socks5 has no target"},
    {"socks5:", "a port is missing"},
    {"tcp:80\n:22", "there is a control character in it"},
    {"tcp:80:ho\033[31mst:22", "there is a control character in it"},
    {"tcp:80:\xff:22", "a mapping is not UTF-8 text"},
};

static void
test_mistakes(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(mistakes); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) mappings = fwd_mapping_parse(mistakes[i].text, &error);

    g_test_message("%s", error != NULL ? error->message : mistakes[i].complaint);
    g_assert_null(mappings);
    g_assert_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, mistakes[i].complaint));
    g_assert_null(strchr(error->message, '\n'));
    g_assert_null(strchr(error->message, '\033'));
  }
}

static void
test_message_names_text_and_part(void)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_mapping_parse("tcp:80:host:99999", &error));
  g_assert_cmpstr(error->message, ==,
                  "mapping \"tcp:80:host:99999\": port 99999 is above 65535");
}

static void
test_long_texts(void)
{
  g_autofree char *path = g_strnfill(106, 'a');
  g_autofree char *fits = g_strconcat("unix:/", path, ":/b", NULL);
  g_autofree char *too_long = g_strconcat("unix:/", path, "a:/b", NULL);
  g_autofree char *filler = g_strnfill(100000, '1');
  g_autofree char *endless = g_strconcat("tcp:", filler, ":22", NULL);
  g_autofree char *label = g_strnfill(64, 'a');
  g_autofree char *name = g_strconcat("tcp:80:", label, ":22", NULL);
  g_autoptr(GPtrArray) mappings = fwd_mapping_parse(fits, NULL);

  g_assert_nonnull(mappings);
  g_assert_null(fwd_mapping_parse(too_long, NULL));
  g_assert_null(fwd_mapping_parse(endless, NULL));
  g_assert_null(fwd_mapping_parse(name, NULL));
}

static void
test_reference(void)
{
  g_autoptr(GPtrArray) mappings = fwd_mapping_parse("tcp:1:2", NULL);
  g_autoptr(FwdMapping) mapping = fwd_mapping_ref(mappings->pdata[0]);

  g_clear_pointer(&mappings, g_ptr_array_unref);
  fwd_traffic_add(fwd_mapping_get_traffic(mapping), errors, 1);
  g_assert_cmpstr(fwd_mapping_to_string(mapping), ==, "tcp:1:2");
  g_assert_true(G_TYPE_IS_BOXED(FWD_TYPE_MAPPING));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/core/mapping/examples", test_examples);
  g_test_add_func("/core/mapping/canonical-text-is-stable", test_canonical_text_is_stable);
  g_test_add_func("/core/mapping/reverse", test_reverse);
  g_test_add_func("/core/mapping/range", test_range);
  g_test_add_func("/core/mapping/range-limits", test_range_limits);
  g_test_add_func("/core/mapping/mistakes", test_mistakes);
  g_test_add_func("/core/mapping/message", test_message_names_text_and_part);
  g_test_add_func("/core/mapping/long-texts", test_long_texts);
  g_test_add_func("/core/mapping/reference", test_reference);
  return g_test_run();
}
