/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/log-capture.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int file = -1, kept_stderr = -1;

void
log_capture_begin(void)
{
  g_assert_cmpint(file, ==, -1);
  file = memfd_create("log", MFD_CLOEXEC);
  kept_stderr = dup(STDERR_FILENO);
  g_assert_cmpint(file, >=, 0);
  g_assert_cmpint(kept_stderr, >=, 0);
  dup2(file, STDERR_FILENO);
}

char *
log_capture_end(void)
{
  off_t length = lseek(file, 0, SEEK_END);
  char *text = g_malloc0((gsize)length + 1);

  g_assert_cmpint(pread(file, text, (gsize)length, 0), ==, length);
  dup2(kept_stderr, STDERR_FILENO);
  close(kept_stderr);
  close(file);
  file = kept_stderr = -1;
  return text;
}

guint
log_capture_count(const char *log, const char *text)
{
  guint count = 0;

  for (const char *at = strstr(log, text); at; at = strstr(at + 1, text))
    count++;
  return count;
}
