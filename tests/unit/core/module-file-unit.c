/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/module-file.h"

#include <glib/gstdio.h>
#include <link.h>
#include <stunfwd/error.h>
#include <string.h>

typedef struct {
  char *file;
  char *object; /* this very program: an object like any other */
  gsize length;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  int fd = g_file_open_tmp("module-XXXXXX", &fixture->file, &error);

  g_assert_no_error(error);
  g_close(fd, NULL);
  g_file_get_contents("/proc/self/exe", &fixture->object, &fixture->length, &error);
  g_assert_no_error(error);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_remove(fixture->file);
  g_free(fixture->file);
  g_free(fixture->object);
}

/* Whether the first @length bytes of the object pass. */
static gboolean
passes(Fixture *fixture, gsize length, GError **error)
{
  g_autoptr(GError) failure = NULL;

  g_file_set_contents(fixture->file, fixture->object, (gssize)length, &failure);
  g_assert_no_error(failure);
  return fwd_module_file_check(fixture->file, error);
}

static gsize
end_of_segments(const Fixture *fixture)
{
  const ElfW(Ehdr) *header = (const void *)fixture->object;
  const ElfW(Phdr) *segments = (const void *)(fixture->object + header->e_phoff);
  gsize end = 0;

  for (guint i = 0; i < header->e_phnum; i++) {
    if (segments[i].p_type == PT_LOAD)
      end = MAX(end, segments[i].p_offset + segments[i].p_filesz);
  }
  return end;
}

static void
test_whole(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  g_assert_true(passes(fixture, fixture->length, &error));
  g_assert_no_error(error);
  g_assert_true(passes(fixture, end_of_segments(fixture), &error));
  g_assert_no_error(error);
}

static void
test_cut_off(Fixture *fixture, gconstpointer data)
{
  const gsize end = end_of_segments(fixture);
  const gsize lengths[] = {sizeof(ElfW(Ehdr)), sizeof(ElfW(Ehdr)) + 10, 700, end / 2, end - 1};

  for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_false(passes(fixture, lengths[i], &error));
    g_assert_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, fixture->file));
  }
}

static void
test_absurd_headers(Fixture *fixture, gconstpointer data)
{
  ElfW(Ehdr) *header = (void *)fixture->object;
  ElfW(Phdr) *segments = (void *)(fixture->object + header->e_phoff);
  const ElfW(Off) offset = header->e_phoff;

  segments[0].p_type = PT_LOAD;
  segments[0].p_offset = G_MAXUINT64 - 10;
  g_assert_false(passes(fixture, fixture->length, NULL));
  header->e_phoff = G_MAXUINT64 - 10;
  g_assert_false(passes(fixture, fixture->length, NULL));
  header->e_phoff = offset;
  header->e_phnum = 0;
  g_assert_true(passes(fixture, fixture->length, NULL));
}

/* What is no object is left to the loader. */
static void
test_no_object(Fixture *fixture, gconstpointer data)
{
  g_assert_true(passes(fixture, 0, NULL));
  g_assert_true(passes(fixture, sizeof(ElfW(Ehdr)) - 1, NULL));
  memset(fixture->object, 0x55, fixture->length);
  g_assert_true(passes(fixture, fixture->length, NULL));
  g_assert_true(fwd_module_file_check("/no/such/file", NULL));
}

#define ADD(name, function)                                                                    \
  g_test_add("/core/module-file/" name, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("whole", test_whole);
  ADD("cut-off", test_cut_off);
  ADD("absurd-headers", test_absurd_headers);
  ADD("no-object", test_no_object);
  return g_test_run();
}
