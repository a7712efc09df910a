/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pb, the traffic tool of the benchmarks. One port of its server serves every TCP test: the
 * first byte of a connection selects the mode. Client and server share CLOCK_MONOTONIC, so
 * rates are what the receiver saw. Every command prints one JSON object.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SECOND    1000000000ull
#define MS        1000000ull
#define REPORT_NS (50 * MS)

enum {
  MODE_ECHO = 'E', /* every byte comes back, the mode's own too */
  MODE_SINK = 'S', /* what arrives is counted and reported, see struct report */
  MODE_CHECK =
      'C', /* the same, and the connection ends where a byte differs from the pattern */
  MODE_FLOOD = 'F', /* the pattern, as fast as it goes */
};

/** What a sink tells every REPORT_NS: when, and how many bytes it has. */
struct report {
  uint64_t ns, bytes;
};

/* Bytes that no peer can compress, the same in every process; repeated every PATTERN_BYTES.
 * PATTERN_CHUNK bytes from any offset below that are contiguous. */
#define PATTERN_BYTES (1u << 20)
#define PATTERN_CHUNK (128u * 1024)

const unsigned char *pattern(void);

/** Whether these bytes are what the pattern has at that offset of the stream. */
bool pattern_matches(const void *data, size_t length, uint64_t offset);

/* What ends the program says why. */
_Noreturn void die(const char *what);
uint64_t now(void);
uint64_t seconds_ns(const char *text);
void sleep_until(uint64_t ns);
struct sockaddr_in address_of(const char *host, const char *port);
void set_nodelay(int fd);

/** A connected blocking socket, whose calls give up after so long, or -1. */
int dial(const struct sockaddr_in *address, int seconds);

/* The commands; their arguments are those in main()'s table. They return the exit status. */
int run_server(char **arguments);
int run_bulk(char **arguments);
int run_down(char **arguments);
int run_echo(char **arguments);
int run_connections(char **arguments);
int run_first(char **arguments);
int run_udp_receive(char **arguments);
int run_udp_send(char **arguments);
