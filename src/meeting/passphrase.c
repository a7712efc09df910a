/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/passphrase.h"

#include <string.h>

static const char *const common_words[] = {
    "abc",           "abcdef",
    "access",        "admin",
    "administrator", "azerty",
    "baseball",      "basketball",
    "batman",        "butterfly",
    "changeme",      "charlie",
    "computer",      "correcthorsebatterystaple",
    "default",       "dragon",
    "football",      "freedom",
    "guest",         "hello",
    "hunter",        "iloveyou",
    "internet",      "jordan",
    "letmein",       "login",
    "loveme",        "master",
    "michael",       "monkey",
    "mustang",       "mypassword",
    "ninja",         "p@ssw0rd",
    "passphrase",    "passw0rd",
    "password",      "pokemon",
    "princess",      "qazwsx",
    "qwerty",        "qwertyuiop",
    "qwertz",        "raspberry",
    "root",          "secret",
    "shadow",        "starwars",
    "stunfwd",       "sunshine",
    "superman",      "test",
    "trustno",       "tunnel",
    "welcome",       "whatever",
};

static gboolean
is_filler(char c)
{
  return g_ascii_isdigit(c) || g_ascii_ispunct(c) || g_ascii_isspace(c);
}

static gboolean
is_common_word(const char *text, gsize length)
{
  for (gsize i = 0; i < G_N_ELEMENTS(common_words); i++)
    if (strlen(common_words[i]) == length &&
        g_ascii_strncasecmp(common_words[i], text, length) == 0)
      return TRUE;
  return FALSE;
}

/* "Password2024!!" is no better than "password"; digits and signs alone are a date or a number.
 */
static gboolean
is_decorated_word(const char *passphrase)
{
  const char *start = passphrase;
  const char *end = passphrase + strlen(passphrase);

  if (is_common_word(start, (gsize)(end - start)))
    return TRUE;
  while (start < end && is_filler(*start))
    start++;
  while (end > start && is_filler(end[-1]))
    end--;
  return start == end || is_common_word(start, (gsize)(end - start));
}

static gsize
count_length(const char *text)
{
  return g_utf8_validate(text, -1, NULL) ? (gsize)g_utf8_strlen(text, -1) : strlen(text);
}

static gsize
count_different_bytes(const char *text)
{
  gboolean seen[256] = {FALSE};
  gsize count = 0;

  for (; *text != '\0'; text++) {
    count += !seen[(guchar)*text];
    seen[(guchar)*text] = TRUE;
  }
  return count;
}

gboolean
fwd_passphrase_is_weak(const char *passphrase)
{
  return count_length(passphrase) < FWD_PASSPHRASE_LENGTH_MIN ||
         count_different_bytes(passphrase) < FWD_PASSPHRASE_VARIETY_MIN ||
         is_decorated_word(passphrase);
}
