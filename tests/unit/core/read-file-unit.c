/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/read-file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

static char *
make_file(const char *bytes, gsize length)
{
  char *name = NULL;
  int fd = g_file_open_tmp("stunfwd-XXXXXX", &name, NULL);

  g_assert_cmpint(fd, >=, 0);
  g_close(fd, NULL);
  g_assert_true(g_file_set_contents(name, bytes, (gssize)length, NULL));
  return name;
}

static void
test_limit(void)
{
  g_autofree char *file = make_file("abc", 3);
  g_autoptr(GError) error = NULL;
  gsize length = 0;
  g_autofree char *fits = fwd_read_file(file, 3, &length, &error);

  g_assert_no_error(error);
  g_assert_cmpstr(fits, ==, "abc");
  g_assert_cmpuint(length, ==, 3);
  g_assert_null(fwd_read_file(file, 2, &length, &error));
  g_assert_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(EFBIG));
  g_assert_nonnull(strstr(error->message, file));
  g_remove(file);
}

static void
test_empty_and_zero_bytes(void)
{
  g_autofree char *empty_file = make_file("", 0);
  g_autofree char *zero_file = make_file("a\0b", 3);
  g_autofree char *empty = fwd_read_file(empty_file, 10, NULL, NULL);
  gsize length = 0;
  g_autofree char *zero = fwd_read_file(zero_file, 10, &length, NULL);

  g_assert_cmpstr(empty, ==, "");
  g_assert_cmpmem(zero, length, "a\0b", 3);
  g_remove(empty_file);
  g_remove(zero_file);
}

static void
test_errors(void)
{
  g_autoptr(GError) missing = NULL;
  g_autoptr(GError) directory = NULL;

  g_assert_null(fwd_read_file("/nowhere/file", 10, NULL, &missing));
  g_assert_error(missing, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_cmpstr(missing->message, ==, "/nowhere/file: No such file or directory");
  g_assert_null(fwd_read_file("/", 10, NULL, &directory));
  g_assert_error(directory, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
}

/* A file without an end is not read to its end. */
static void
test_endless(void)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_read_file("/dev/zero", 1000, NULL, &error));
  g_assert_nonnull(error);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/core/read-file/limit", test_limit);
  g_test_add_func("/core/read-file/empty-and-zero-bytes", test_empty_and_zero_bytes);
  g_test_add_func("/core/read-file/errors", test_errors);
  g_test_add_func("/core/read-file/endless", test_endless);
  return g_test_run();
}
