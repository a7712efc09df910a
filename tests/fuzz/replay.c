/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Runs a fuzz target over its seeds as an ordinary test: each seed whole, cut
 * short everywhere, and with each byte changed. The seeds are in
 * corpus/NAME/ for a target NAME-fuzz, or in the files and folders given.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* Larger seeds are run whole only. */
#define CHANGED_SIZE_MAX 2048

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* In memory of exactly that size, so that a sanitizer sees a read past the end; never NULL. */
static void
run(const char *data, gsize size)
{
  guint8 *copy = malloc(size);

  g_assert_nonnull(copy);
  memcpy(copy, data, size);
  g_assert_cmpint(LLVMFuzzerTestOneInput(copy, size), ==, 0);
  free(copy);
}

static void
run_changed(char *data, gsize size)
{
  static const char changes[] = {0x01, 0x10, (char)0x80, (char)0xff};

  for (gsize length = 0; length < size; length++)
    run(data, length);
  for (gsize i = 0; i < size; i++)
    for (gsize change = 0; change < G_N_ELEMENTS(changes); change++) {
      data[i] ^= changes[change];
      run(data, size);
      data[i] ^= changes[change];
    }
}

static void
test_seed(gconstpointer path)
{
  g_autofree char *data = NULL;
  g_autoptr(GError) error = NULL;
  gsize size;

  g_file_get_contents(path, &data, &size, &error);
  g_assert_no_error(error);
  run(data, size);
  if (size <= CHANGED_SIZE_MAX)
    run_changed(data, size);
}

static guint
add_file(const char *target, const char *path)
{
  g_autofree char *name = g_path_get_basename(path);
  g_autofree char *test = g_strdup_printf("/fuzz/%s/%s", target, name);

  g_test_add_data_func_full(test, g_strdup(path), test_seed, g_free);
  return 1;
}

static guint
add(const char *target, const char *path)
{
  g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
  const char *name;
  guint count = 0;

  if (folder == NULL)
    return add_file(target, path);
  while ((name = g_dir_read_name(folder)) != NULL) {
    g_autofree char *file = g_build_filename(path, name, NULL);

    count += add_file(target, file);
  }
  return count;
}

/* The program's name without "-fuzz", nor the prefix that libtool gives to uninstalled ones. */
static char *
target_name(const char *program)
{
  g_autofree char *base = g_path_get_basename(program);
  const char *name = g_str_has_prefix(base, "lt-") ? base + 3 : base;

  return g_strndup(name, strlen(name) - (g_str_has_suffix(name, "-fuzz") ? 5 : 0));
}

int
main(int argc, char **argv)
{
  g_autofree char *target = target_name(argv[0]);
  guint count = 0;

  g_test_init(&argc, &argv, NULL);
  for (int i = 1; i < argc; i++)
    count += add(target, argv[i]);
  if (argc < 2) {
    g_autofree char *corpus =
        g_test_build_filename(G_TEST_DIST, "fuzz", "corpus", target, NULL);

    count += add(target, corpus);
  }
  g_assert_cmpuint(count, >, 0);
  return g_test_run();
}
