/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/envelope.h"

#include <stunfwd/error.h>
#include <string.h>

static const FwdRoomKeys room_keys = {.sealing = {1, 2, 3}};

static GBytes *
seal(const char *plaintext)
{
  g_autoptr(GError) error = NULL;
  GBytes *envelope = fwd_envelope_seal(&room_keys, FWD_ROLE_SERVER, plaintext, &error);

  g_assert_no_error(error);
  return envelope;
}

static void
check_refused(const FwdRoomKeys *keys, FwdRole role, GBytes *envelope, FwdErrorCode code)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_envelope_open(keys, role, envelope, &error));
  g_assert_error(error, FWD_MEETING_ERROR, (gint)code);
}

static void
check_text_refused(const char *text, FwdErrorCode code)
{
  g_autoptr(GBytes) envelope = g_bytes_new(text, strlen(text));
  check_refused(&room_keys, FWD_ROLE_SERVER, envelope, code);
}

static void
check_round_trip(const char *plaintext)
{
  g_autoptr(GBytes) envelope = seal(plaintext);
  g_autoptr(GError) error = NULL;
  g_autofree char *opened = fwd_envelope_open(&room_keys, FWD_ROLE_SERVER, envelope, &error);

  g_assert_no_error(error);
  g_assert_cmpstr(opened, ==, plaintext);
  g_assert_cmpuint(g_bytes_get_size(envelope), <=, FWD_SIGNALING_MESSAGE_MAX);
}

static void
test_round_trip(void)
{
  g_autofree char *longest = g_strnfill(FWD_ENVELOPE_PLAINTEXT_MAX, 'm');

  check_round_trip("");
  check_round_trip("{\"type\":\"bye\"}");
  check_round_trip(longest);
}

static void
test_text(void)
{
  g_autoptr(GBytes) first = seal("hello"), second = seal("hello");
  gsize size;
  const char *text = g_bytes_get_data(first, &size);

  for (gsize i = 0; i < size; i++)
    g_assert_true(g_ascii_isalnum(text[i]) || text[i] == '-' || text[i] == '_');
  g_assert_false(g_bytes_equal(first, second));
}

static void
test_too_long(void)
{
  g_autofree char *text = g_strnfill(FWD_ENVELOPE_PLAINTEXT_MAX + 1, 'm');
  g_autofree char *envelope = g_strnfill(FWD_SIGNALING_MESSAGE_MAX + 1, 'A');
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_envelope_seal(&room_keys, FWD_ROLE_SERVER, text, &error));
  g_assert_error(error, FWD_MEETING_ERROR, FWD_ERROR_LIMIT);
  check_text_refused(envelope, FWD_ERROR_LIMIT);
  /* Fits a transport, but holds more than a message may. */
  envelope[FWD_SIGNALING_MESSAGE_MAX] = '\0';
  check_text_refused(envelope, FWD_ERROR_LIMIT);
}

static void
test_wrong_key(void)
{
  g_autoptr(GBytes) envelope = seal("hello");
  FwdRoomKeys other = room_keys;

  other.sealing[31] ^= 1;
  check_refused(&other, FWD_ROLE_SERVER, envelope, FWD_ERROR_DENIED);
}

static void
test_reflected(void)
{
  g_autoptr(GBytes) envelope = seal("hello");
  check_refused(&room_keys, FWD_ROLE_CLIENT, envelope, FWD_ERROR_DENIED);
}

/* Any character at any place, but the one that was there. */
static void
test_altered(void)
{
  g_autoptr(GBytes) envelope = seal("{\"type\":\"hello\"}");
  gsize size;
  const guint8 *text = g_bytes_get_data(envelope, &size);

  for (gsize i = 0; i < size; i++)
    for (guint replacement = 0; replacement < 256; replacement++) {
      g_autofree guint8 *copy = g_memdup2(text, size);
      g_autoptr(GBytes) altered = NULL;
      if (replacement == copy[i])
        continue;
      copy[i] = (guint8)replacement;
      altered = g_bytes_new(copy, size);
      g_assert_null(fwd_envelope_open(&room_keys, FWD_ROLE_SERVER, altered, NULL));
    }
}

static void
test_cut_and_extended(void)
{
  g_autoptr(GBytes) envelope = seal("hello");
  gsize size = g_bytes_get_size(envelope);
  g_autofree char *longer =
      g_strdup_printf("%.*sAAAA", (int)size, (const char *)g_bytes_get_data(envelope, NULL));

  for (gsize i = 0; i < size; i++) {
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(envelope, 0, i);
    g_assert_null(fwd_envelope_open(&room_keys, FWD_ROLE_SERVER, cut, NULL));
  }
  check_text_refused(longer, FWD_ERROR_DENIED);
}

static void
test_not_an_envelope(void)
{
  g_autofree char *too_few = g_strnfill(52, 'A');     /* 39 bytes */
  g_autofree char *just_enough = g_strnfill(54, 'A'); /* 40 bytes: an empty plaintext */

  check_text_refused("", FWD_ERROR_INVALID);
  check_text_refused("AAAA", FWD_ERROR_INVALID);
  check_text_refused("not base64!", FWD_ERROR_INVALID);
  check_text_refused("AAA=", FWD_ERROR_INVALID);
  check_text_refused(too_few, FWD_ERROR_INVALID);
  check_text_refused(just_enough, FWD_ERROR_DENIED);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/envelope/round-trip", test_round_trip);
  g_test_add_func("/envelope/text", test_text);
  g_test_add_func("/envelope/too-long", test_too_long);
  g_test_add_func("/envelope/wrong-key", test_wrong_key);
  g_test_add_func("/envelope/reflected", test_reflected);
  g_test_add_func("/envelope/altered", test_altered);
  g_test_add_func("/envelope/cut-and-extended", test_cut_and_extended);
  g_test_add_func("/envelope/not-an-envelope", test_not_an_envelope);
  return g_test_run();
}
