/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said where the system grants a UDP socket less than it should have. */
#include "fakes/log-capture.h"

#include "core/log.h"
#include "net/datagram-socket.h"
#include "tunnel/data-plane.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static const guint8 probe_key[FWD_PROBE_KEY_SIZE] = {7};

/* net.core.rmem_max; 0: this process may exceed it. */
static int rmem_max;

/**
 * Stands before the system's: a process without CAP_NET_ADMIN on a machine with this
 * limit, which is the machine's own for all processes.
 */
int
setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
  int size;

  if (level == SOL_SOCKET && option == SO_RCVBUFFORCE && rmem_max > 0) {
    errno = EPERM;
    return -1;
  }
  if (level == SOL_SOCKET && option == SO_RCVBUF && rmem_max > 0) {
    size = MIN(*(const int *)value, rmem_max);
    return (int)syscall(SYS_setsockopt, fd, level, option, &size, sizeof size);
  }
  return (int)syscall(SYS_setsockopt, fd, level, option, value, length);
}

static void
make_planes(guint count)
{
  g_autoptr(GError) error = NULL;
  FwdIdentity *identity = fwd_identity_new(&error);

  g_assert_no_error(error);
  for (guint i = 0; i < count; i++) {
    g_autoptr(FwdDataPlane) plane = fwd_data_plane_new(probe_key, identity, &error);

    g_assert_no_error(error);
  }
  fwd_identity_unref(identity);
}

static char *
log_of_planes(int limit, guint count)
{
  rmem_max = limit;
  log_capture_begin();
  make_planes(count);
  return log_capture_end();
}

/* In this order: what has been said once is not said again in this process. */

static void
test_nothing_to_say(void)
{
  g_autofree char *log = log_of_planes(FWD_DATAGRAM_RECEIVE_BUFFER, 1);

  g_assert_cmpstr(log, ==, "");
}

static void
test_once(void)
{
  g_autofree char *log = log_of_planes(212992, 3);

  g_assert_cmpuint(log_capture_count(log, "\n"), ==, 1);
  g_assert_cmpuint(log_capture_count(log, "allows 208 KiB"), ==, 1);
  g_assert_cmpuint(log_capture_count(log, "sysctl -w net.core.rmem_max=4194304\n"), ==, 1);
}

static void
test_granted(void)
{
  FwdEndpoint any;
  int fd;

  g_assert_true(fwd_endpoint_from_address("127.0.0.1", 0, &any));
  rmem_max = 65536;
  fd = fwd_datagram_socket_open(&any, NULL);
  g_assert_cmpuint(fwd_datagram_socket_get_receive_buffer(fd), ==, 65536);
  close(fd);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_assert_true(fwd_log_init(FWD_LOG_TEXT, "info"));
  g_test_add_func("/buffer-limit/nothing-to-say", test_nothing_to_say);
  g_test_add_func("/buffer-limit/once", test_once);
  g_test_add_func("/buffer-limit/granted", test_granted);
  return g_test_run();
}
