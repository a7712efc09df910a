/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/json-check.h"

#include <stunfwd/error.h>
#include <string.h>

#define INTEGER_DIGITS_MAX 16
#define SURROGATES_START   0xd800
#define LOW_SURROGATES     0xdc00
#define SURROGATES_END     0xe000

/* Each skip_… function returns what follows the token, or NULL if it is none. */

static const char *
skip_digits(const char *text)
{
  return text + strspn(text, "0123456789");
}

static const char *
skip_some_digits(const char *text)
{
  const char *end = skip_digits(text);
  return end > text ? end : NULL;
}

static const char *
skip_number(const char *text)
{
  const char *digits = text + (*text == '-');
  const char *end = skip_digits(digits);

  if (end == digits || (*digits == '0' && end - digits > 1) ||
      end - digits > INTEGER_DIGITS_MAX)
    return NULL;
  if (*end == '.')
    end = skip_some_digits(end + 1);
  if (end != NULL && (*end == 'e' || *end == 'E')) {
    end++;
    end = skip_some_digits(end + (*end == '+' || *end == '-'));
  }
  return end;
}

static const char *
skip_word(const char *text)
{
  static const char *const words[] = {"true", "false", "null"};

  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_str_has_prefix(text, words[i]))
      return text + strlen(words[i]);
  return NULL;
}

static gint
read_hex4(const char *text)
{
  gint value = 0;

  for (guint i = 0; i < 4; i++) {
    if (!g_ascii_isxdigit(text[i]))
      return -1;
    value = value * 16 + g_ascii_xdigit_value(text[i]);
  }
  return value;
}

/* @text is behind "\u". */
static const char *
skip_unicode_escape(const char *text)
{
  gint unit = read_hex4(text), low;

  if (unit <= 0 || (unit >= LOW_SURROGATES && unit < SURROGATES_END))
    return NULL;
  text += 4;
  if (unit < SURROGATES_START || unit >= SURROGATES_END)
    return text;
  low = g_str_has_prefix(text, "\\u") ? read_hex4(text + 2) : -1;
  return low >= LOW_SURROGATES && low < SURROGATES_END ? text + 6 : NULL;
}

/* @text is behind the first quote. */
static const char *
skip_string(const char *text)
{
  while (text != NULL && *text != '"') {
    if ((guchar)*text < ' ')
      return NULL;
    if (*text != '\\')
      text++;
    else if (text[1] == 'u')
      text = skip_unicode_escape(text + 2);
    else
      text = text[1] != '\0' && strchr("\"\\/bfnrt", text[1]) != NULL ? text + 2 : NULL;
  }
  return text != NULL ? text + 1 : NULL;
}

static const char *
skip_token(const char *text)
{
  if (strchr("{}[]:, \t\r\n", *text) != NULL)
    return text + 1;
  if (*text == '"')
    return skip_string(text + 1);
  return g_ascii_isalpha(*text) ? skip_word(text) : skip_number(text);
}

static gboolean
check_tokens(const char *text, guint depth_max, GError **error)
{
  const char *start = text, *next;
  guint depth = 0;

  for (; *text != '\0'; text = next) {
    next = skip_token(text);
    if (next == NULL || (depth == 0 && text > start && !g_ascii_isspace(*text))) {
      g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID,
                  "the message is not JSON at byte %td", text - start + 1);
      return FALSE;
    }
    if (*text == '{' || *text == '[')
      depth++;
    else if ((*text == '}' || *text == ']') && depth > 0)
      depth--;
    if (depth > depth_max) {
      g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_LIMIT, "the message nests deeper than %u",
                  depth_max);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
fwd_json_check(const char *text, guint depth_max, GError **error)
{
  const char *start = text + strspn(text, " \t\r\n");

  if (!g_utf8_validate(text, -1, NULL)) {
    g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID, "the message is not UTF-8");
    return FALSE;
  }
  if (*start != '{') {
    g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID,
                "the message is not a JSON object");
    return FALSE;
  }
  return check_tokens(start, depth_max, error);
}
