/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/keys.h"
#include "meeting/passphrase.h"
#include "meeting/protocol.h"

#include <stunfwd/error.h>
#include <string.h>

static void
test_derive(void)
{
  guint8 secret[FWD_SECRET_SIZE] = {1, 2, 3};
  FwdRoomKeys keys, again, other;
  static const FwdRoomKeys zero;

  fwd_room_keys_derive(secret, &keys);
  fwd_room_keys_derive(secret, &again);
  secret[31] ^= 1;
  fwd_room_keys_derive(secret, &other);
  g_assert_cmpuint(strlen(keys.room), ==, FWD_ROOM_NAME_SIZE);
  g_assert_cmpmem(&keys, sizeof keys, &again, sizeof again);
  g_assert_cmpstr(keys.room, !=, other.room);
  g_assert_true(memcmp(keys.sealing, other.sealing, FWD_KEY_SIZE) != 0);
  g_assert_true(memcmp(keys.probe, other.probe, FWD_KEY_SIZE) != 0);
  g_assert_true(memcmp(keys.sealing, keys.probe, FWD_KEY_SIZE) != 0);
  fwd_room_keys_wipe(&keys);
  g_assert_cmpmem(&keys, sizeof keys, &zero, sizeof zero);
}

static void
test_passphrase(void)
{
  guint8 secret[FWD_SECRET_SIZE], again[FWD_SECRET_SIZE], other[FWD_SECRET_SIZE];
  gboolean weak = TRUE;
  g_autoptr(GError) error = NULL;

  g_assert_true(
      fwd_secret_from_passphrase("office", "grey otters play chess", secret, &weak, &error));
  g_assert_no_error(error);
  g_assert_false(weak);
  g_assert_true(
      fwd_secret_from_passphrase("office", "grey otters play chess", again, NULL, NULL));
  g_assert_cmpmem(secret, sizeof secret, again, sizeof again);
  g_assert_true(
      fwd_secret_from_passphrase("home", "grey otters play chess", other, NULL, NULL));
  g_assert_true(memcmp(secret, other, sizeof secret) != 0);
  g_assert_true(fwd_secret_from_passphrase("office", "x", other, &weak, NULL));
  g_assert_true(weak);
}

static void
check_refused(const char *room, const char *passphrase, const char *fragment)
{
  guint8 secret[FWD_SECRET_SIZE];
  g_autoptr(GError) error = NULL;

  g_assert_false(fwd_secret_from_passphrase(room, passphrase, secret, NULL, &error));
  g_assert_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID);
  g_assert_nonnull(strstr(error->message, fragment));
}

static void
test_passphrase_refused(void)
{
  g_autofree char *long_room = g_strnfill(129, 'r');
  g_autofree char *long_passphrase = g_strnfill(1025, 'p');

  check_refused("", "passphrase", "the room is empty");
  check_refused("room", "", "the passphrase is empty");
  check_refused(long_room, "passphrase", "longer than 128");
  check_refused("room", long_passphrase, "longer than 1024");
}

static void
test_weak(void)
{
  static const char *const weak[] = {"",
                                     "short",
                                     "abcdabcdabcd",
                                     "Password2024!!",
                                     "12345678901234",
                                     "iloveyou!!!!1",
                                     "elevenchars",
                                     "CorrectHorseBatteryStaple"};
  static const char *const strong[] = {"twelve chars", "grey otters play",
                                       "p\xc3\xa4ssliche W\xc3\xb6rter"};

  for (guint i = 0; i < G_N_ELEMENTS(weak); i++) {
    g_test_message("%s", weak[i]);
    g_assert_true(fwd_passphrase_is_weak(weak[i]));
  }
  for (guint i = 0; i < G_N_ELEMENTS(strong); i++)
    g_assert_false(fwd_passphrase_is_weak(strong[i]));
}

static void
test_connection_id(void)
{
  const guint8 a[FWD_SESSION_NONCE_SIZE] = {1}, b[FWD_SESSION_NONCE_SIZE] = {2};
  FwdRoomKeys keys = {.sealing = {7}}, other = {.sealing = {8}};
  guint64 id = fwd_room_keys_connection_id(&keys, a, b);

  g_assert_cmpuint(id, ==, fwd_room_keys_connection_id(&keys, a, b));
  g_assert_cmpuint(id, !=, fwd_room_keys_connection_id(&keys, b, a));
  g_assert_cmpuint(id, !=, fwd_room_keys_connection_id(&other, a, b));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/keys/derive", test_derive);
  g_test_add_func("/keys/passphrase", test_passphrase);
  g_test_add_func("/keys/passphrase/refused", test_passphrase_refused);
  g_test_add_func("/keys/passphrase/weak", test_weak);
  g_test_add_func("/keys/connection-id", test_connection_id);
  return g_test_run();
}
