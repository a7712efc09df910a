/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stun-classic.h"

#define FROM "198.51.100.7:7000"

static const char *const locals[] = {"192.0.2.1:3478", "192.0.2.1:3479", "192.0.2.2:3478",
                                     "192.0.2.2:3479"};

/* Binding Request, CHANGE-REQUEST with both flags; the id has 16 bytes. */
static const guint8 request[] = {0,   1,   0,   8,   'a', 'b', 'c', 'd', 'e', 'f',
                                 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p',
                                 0,   3,   0,   4,   0,   0,   0,   6};

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint result;

  g_assert_true(fwd_endpoint_parse(text, &result, NULL));
  return result;
}

static FwdStunSite
site(guint count)
{
  FwdStunSite result = {.count = count};

  for (guint i = 0; i < count; i++)
    result.local[i] = endpoint(locals[i]);
  return result;
}

static gboolean
ask(guint count, const char *from_text, const guint8 *data, gsize length, FwdStunAnswer *answer)
{
  FwdStunSite asked = site(count);
  FwdEndpoint from = endpoint(from_text);

  return fwd_stun_classic_answer(&asked, 0, &from, data, length, answer);
}

/* An address attribute as RFC 3489, 11.2.1 has it: nothing is XORed. */
static void
assert_address(const guint8 *at, guint8 type, const guint8 *value)
{
  const guint8 header[] = {0, type, 0, 8, 0, 1};

  g_assert_cmpmem(at, 6, header, sizeof header);
  g_assert_cmpmem(at + 6, 6, value, 6);
}

static void
test_answer(void)
{
  FwdStunAnswer answer;
  FwdEndpoint from = endpoint(FROM);
  const guint8 head[] = {1, 1, 0, 36};

  g_assert_true(fwd_stun_classic_is_likely(request, sizeof request));
  g_assert_true(ask(4, FROM, request, sizeof request, &answer));
  g_assert_cmpuint(answer.socket, ==, 3);
  g_assert_true(fwd_endpoint_equal(&answer.to, &from));
  g_assert_cmpuint(answer.length, ==, 56);
  g_assert_cmpmem(answer.data, 4, head, 4);
  g_assert_cmpmem(answer.data + 4, 16, request + 4, 16);
  assert_address(answer.data + 20, 1, (const guint8[]){0x1b, 0x58, 198, 51, 100, 7});
  assert_address(answer.data + 32, 4, (const guint8[]){0x0d, 0x97, 192, 0, 2, 2});
  assert_address(answer.data + 44, 5, (const guint8[]){0x0d, 0x97, 192, 0, 2, 2});
}

static void
test_one_address(void)
{
  const guint8 plain[20] = {0, 1, 0, 0, 'a'};
  FwdStunAnswer answer;

  g_assert_false(ask(1, FROM, request, sizeof request, &answer));
  g_assert_true(ask(1, FROM, plain, sizeof plain, &answer));
  g_assert_cmpuint(answer.socket, ==, 0);
  g_assert_cmpuint(answer.length, ==, 44);
}

/* What gets no answer: another address to answer to, IPv6, cut or longer than it says. */
static void
test_no_answer(void)
{
  guint8 elsewhere[sizeof request], stun[sizeof request], cut[sizeof request];
  FwdStunAnswer answer;

  memcpy(elsewhere, request, sizeof request);
  elsewhere[21] = 2;
  g_assert_false(ask(4, FROM, elsewhere, sizeof elsewhere, &answer));
  g_assert_false(ask(4, "[2001:db8::7]:7000", request, sizeof request, &answer));
  memcpy(stun, request, sizeof request);
  memcpy(stun + 4, "\x21\x12\xa4\x42", 4);
  g_assert_false(fwd_stun_classic_is_likely(stun, sizeof stun));
  memcpy(cut, request, sizeof request);
  cut[23] = 8;
  g_assert_false(ask(4, FROM, cut, sizeof cut, &answer));
  for (gsize length = 0; length < sizeof request; length++)
    g_assert_false(ask(4, FROM, request, length, &answer));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stun-classic/answer", test_answer);
  g_test_add_func("/stun-classic/one-address", test_one_address);
  g_test_add_func("/stun-classic/no-answer", test_no_answer);
  return g_test_run();
}
