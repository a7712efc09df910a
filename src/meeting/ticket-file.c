/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/ticket.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <stunfwd/error.h>
#include <string.h>
#include <unistd.h>

/* With the end of the line, CR LF at most. */
#define FILE_MAX (FWD_TICKET_MAX + 2)

static gboolean
file_error(const char *verb, const char *path, GError **error)
{
  int code = errno;
  g_autofree char *name = g_filename_display_name(path);

  g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
              "the ticket file %s cannot be %s: %s", name, verb, g_strerror(code));
  return FALSE;
}

/* Reads to the end of the file or of @buffer, whichever comes first. */
static gssize
read_all(int fd, char *buffer, gsize size)
{
  gsize done = 0;

  while (done < size) {
    gssize count = read(fd, buffer + done, size - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return -1;
    if (count == 0)
      break;
    done += (gsize)count;
  }
  return (gssize)done;
}

static gssize
read_file(const char *path, char *buffer, gsize size, GError **error)
{
  int fd = g_open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
  gssize count;

  if (fd < 0) {
    file_error("opened", path, error);
    return -1;
  }
  count = read_all(fd, buffer, size);
  if (count < 0)
    file_error("read", path, error);
  close(fd);
  return count;
}

static FwdTicket *
parse_first_line(char *buffer, gsize size, GError **error)
{
  if (size > FILE_MAX) {
    g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID,
                "the file is longer than a ticket of %d characters", FWD_TICKET_MAX);
    return NULL;
  }
  buffer[size] = '\0';
  buffer[strcspn(buffer, "\r\n")] = '\0';
  return fwd_ticket_parse(buffer, error);
}

FwdTicket *
fwd_ticket_load(const char *path, GError **error)
{
  char buffer[FILE_MAX + 1];
  gssize count = read_file(path, buffer, sizeof buffer, error);
  FwdTicket *ticket;

  if (count < 0)
    return NULL;
  ticket = parse_first_line(buffer, (gsize)count, error);
  sodium_memzero(buffer, sizeof buffer);
  if (ticket == NULL) {
    g_autofree char *name = g_filename_display_name(path);
    g_prefix_error(error, "%s: ", name);
  }
  return ticket;
}

gboolean
fwd_ticket_save(const FwdTicket *ticket, const char *path, GError **error)
{
  g_autofree char *text = fwd_ticket_to_string(ticket);
  gsize length = strlen(text);
  gboolean saved;

  text[length] = '\n';
  saved = g_file_set_contents_full(path, text, (gssize)length + 1,
                                   G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
  sodium_memzero(text, length + 1);
  return saved;
}
