/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settings-schema.h"

#include <stunfwd/error.h>
#include <string.h>

typedef struct {
  GStrv profiles;
  GPtrArray *warnings;
  GError *error;
} Result;

static void
result_clear(Result *result)
{
  g_clear_pointer(&result->profiles, g_strfreev);
  g_clear_pointer(&result->warnings, g_ptr_array_unref);
  g_clear_error(&result->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Result, result_clear)

static Result
validate_bytes(const char *text, gsize length)
{
  g_auto(FwdSettingsSchemas) schemas = {NULL};
  Result result = {NULL};
  gboolean valid;

  g_assert_true(fwd_settings_schemas_init(&schemas, NULL));
  result.warnings = g_ptr_array_new_with_free_func(g_free);
  valid = fwd_settings_validate(&schemas, text, length, &result.profiles, result.warnings,
                                &result.error);
  g_assert_cmpint(valid, ==, result.error == NULL);
  g_assert_cmpint(valid, ==, result.profiles != NULL);
  return result;
}

static Result
validate(const char *text)
{
  return validate_bytes(text, strlen(text));
}

static void
test_valid(void)
{
  g_auto(Result) result = validate("# a comment\n"
                                   "[stunfwd]\n"
                                   "log-level='debug'\n"
                                   "[stunfwd/profiles/office]\n"
                                   "role='server'\n"
                                   "signaling-url='wss://example.org/'\n"
                                   "mappings=['tcp:2222:22', 'R:udp:5353-5355:53-55']\n"
                                   "[stunfwd/profiles/a.B-9_]\n"
                                   "role=client\n"
                                   "mappings=[]\n"
                                   "stun=@as []\n");

  g_assert_no_error(result.error);
  g_assert_cmpuint(result.warnings->len, ==, 0);
  g_assert_cmpuint(g_strv_length(result.profiles), ==, 2);
  g_assert_cmpstr(result.profiles[0], ==, "office");
  g_assert_cmpstr(result.profiles[1], ==, "a.B-9_");
}

static void
test_empty(void)
{
  g_auto(Result) result = validate("");

  g_assert_no_error(result.error);
  g_assert_cmpuint(g_strv_length(result.profiles), ==, 0);
}

#define OFFICE "[stunfwd/profiles/office]\n"

static const struct {
  const char *text;
  const char *complaint;
} mistakes[] = {
    {"hello\n", "hello"},
    {"log-level='info'\n", "does not start with a group"},
    {"[stunfwd\n", "[stunfwd"},
    {"[stunfwd]\nlog-level='loud'\n", "[stunfwd] log-level: 'loud' is not one of ['error', "},
    {"[stunfwd]\nlog-level=3\n", "[stunfwd] log-level: "},
    {"[stunfwd]\nlog-level=\n", "[stunfwd] log-level: "},
    {OFFICE "role='boss'\n", "[stunfwd/profiles/office] role: 'boss' is not one of ['server'"},
    {OFFICE "mappings='tcp:1:2'\n", "mappings: 'tcp:1:2' is not a list of texts"},
    {OFFICE "mappings=[1, 2]\n", "mappings: [1, 2] is not a list of texts"},
    {OFFICE "mappings=\n", "mappings: nothing is not a list of texts"},
    {OFFICE "mappings=['tcp:1:2'\n", "is not a list of texts"},
    {OFFICE "mappings=['tcp:1:99999']\n",
     "[stunfwd/profiles/office] mappings: mapping \"tcp:1:99999\": port 99999 is above 65535"},
    {OFFICE "mappings=['tcp:1-1024:1-1024', 'udp:1-1024:1-1024', 'tcp:2001-3024:1-1024', "
            "'udp:2001-3024:1-1024', 'tcp:80:80']\n",
     "more than 4096 mappings"},
    {OFFICE "signaling-url='example.org'\n", "\"example.org\" is not a URL"},
    {OFFICE "signaling-url='wss:///x'\n", "\"wss:///x\" is not a URL"},
    {"[stunfwd/profiles/]\n", "\"\" is no name for a profile"},
    {"[stunfwd/profiles/a/b]\n", "\"a/b\" is no name for a profile"},
    {"[stunfwd/profiles/a b]\n", "\"a b\" is no name for a profile"},
    {"[stunfwd]\nlog-level='\xff'\n", "it is not UTF-8 text"},
};

static void
test_mistakes(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(mistakes); i++) {
    g_auto(Result) result = validate(mistakes[i].text);

    g_test_message("%s", result.error != NULL ? result.error->message : mistakes[i].text);
    g_assert_error(result.error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID);
    g_assert_nonnull(strstr(result.error->message, mistakes[i].complaint));
    g_assert_null(strchr(result.error->message, '\n'));
  }
}

static const struct {
  const char *text;
  const char *warning;
} unknowns[] = {
    {OFFICE "mapings=[]\n",
     "[stunfwd/profiles/office] mapings is not known; is it \"mappings\"?"},
    {OFFICE "colour='red'\n", "[stunfwd/profiles/office] colour is not known"},
    {"[stunfwd]\nloglevel='info'\n", "[stunfwd] loglevel is not known; is it \"log-level\"?"},
    {"[stunfw]\nx=1\n", "[stunfw] is not known; is it \"stunfwd\"?"},
    {"[stunfwd/profile/x]\n",
     "[stunfwd/profile/x] is not known; is it \"stunfwd/profiles/NAME\"?"},
    {"[elsewhere]\nrole=7\n", "[elsewhere] is not known"},
};

static void
test_unknown(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(unknowns); i++) {
    g_auto(Result) result = validate(unknowns[i].text);

    g_assert_no_error(result.error);
    g_assert_cmpuint(result.warnings->len, ==, 1);
    g_assert_cmpstr(result.warnings->pdata[0], ==, unknowns[i].warning);
  }
}

static void
test_hostile(void)
{
  g_autofree char *large = g_strnfill(FWD_SETTINGS_FILE_MAX + 1, '#');
  g_autofree char *deep = g_strnfill(100000, '[');
  g_autofree char *nested = g_strconcat(OFFICE "mappings=", deep, "\n", NULL);
  g_auto(Result) too_large = validate(large);
  g_auto(Result) too_deep = validate(nested);
  g_auto(Result) zero = validate_bytes("[stunfwd]\0\n", 11);

  g_assert_error(too_large.error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID);
  g_assert_cmpstr(too_large.error->message, ==, "it is larger than 1 MiB");
  g_assert_error(too_deep.error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID);
  g_assert_error(zero.error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID);
}

static void
scenario_no_schema(void)
{
  g_auto(FwdSettingsSchemas) schemas = {NULL};
  g_autoptr(GError) error = NULL;

  g_assert_false(fwd_settings_schemas_init(&schemas, &error));
  g_assert_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_FAILED);
  g_assert_nonnull(strstr(error->message, "org.stunfwd is not installed"));
}

/* A missing schema is an error and not the end of the process. */
static void
test_no_schema(void)
{
  g_autofree char *before = g_strdup(g_getenv("GSETTINGS_SCHEMA_DIR"));

  if (g_file_test(FWD_SCHEMA_DIR "/org.stunfwd.gschema.xml", G_FILE_TEST_EXISTS)) {
    g_test_skip("the schema is installed on this machine");
    return;
  }
  g_setenv("GSETTINGS_SCHEMA_DIR", "/nowhere", TRUE);
  g_test_trap_subprocess("/core/settings-validate/no-schema/subprocess", 0, 0);
  g_test_trap_assert_passed();
  g_setenv("GSETTINGS_SCHEMA_DIR", before != NULL ? before : "", TRUE);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/core/settings-validate/no-schema", test_no_schema);
  g_test_add_func("/core/settings-validate/no-schema/subprocess", scenario_no_schema);
  g_test_add_func("/core/settings-validate/valid", test_valid);
  g_test_add_func("/core/settings-validate/empty", test_empty);
  g_test_add_func("/core/settings-validate/mistakes", test_mistakes);
  g_test_add_func("/core/settings-validate/unknown", test_unknown);
  g_test_add_func("/core/settings-validate/hostile", test_hostile);
  return g_test_run();
}
