/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/module-file.h"

#include <fcntl.h>
#include <link.h>
#include <stunfwd/error.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
read_at(int fd, void *buffer, gsize size, guint64 offset)
{
  return offset <= G_MAXINT64 && pread(fd, buffer, size, (off_t)offset) == (gssize)size;
}

static gboolean
is_object(const ElfW(Ehdr) * header)
{
  return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
         header->e_phentsize == sizeof(ElfW(Phdr));
}

static gboolean
is_complete(int fd, const ElfW(Ehdr) * header, guint64 size)
{
  for (guint i = 0; i < header->e_phnum; i++) {
    ElfW(Phdr) segment;

    if (!read_at(fd, &segment, sizeof segment, header->e_phoff + i * sizeof segment))
      return FALSE;
    if (segment.p_type == PT_LOAD &&
        (segment.p_offset > size || segment.p_filesz > size - segment.p_offset))
      return FALSE;
  }
  return TRUE;
}

gboolean
fwd_module_file_check(const char *file, GError **error)
{
  const int fd = open(file, O_RDONLY | O_CLOEXEC);
  ElfW(Ehdr) header;
  struct stat status;
  gboolean passed;

  if (fd < 0)
    return TRUE;
  passed = fstat(fd, &status) != 0 || !read_at(fd, &header, sizeof header, 0) ||
           !is_object(&header) || is_complete(fd, &header, (guint64)status.st_size);
  close(fd);
  if (!passed)
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_FAILED, "%s is cut off", file);
  return passed;
}
