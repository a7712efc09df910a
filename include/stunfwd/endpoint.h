/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * An endpoint is an IP address with a port: what RFC 8489 calls a transport
 * address. A plain value; every function may be called on any thread.
 */
#pragma once

#include <glib-object.h>
#include <netinet/in.h>
#include <sys/socket.h>

G_BEGIN_DECLS

typedef struct {
  union {
    struct sockaddr any;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
  };
} FwdEndpoint;

/** Longest text of an endpoint, with the final zero: "[v6%scope]:port". */
#define FWD_ENDPOINT_TEXT_MAX 80

/** A boxed type, so that signals and properties can carry endpoints. */
#define FWD_TYPE_ENDPOINT (fwd_endpoint_get_type())
GType fwd_endpoint_get_type(void);

/**
 * Reads "192.0.2.1:80" or "[2001:db8::1]:80"; names are not resolved.
 * Errors: FWD_ERROR_INVALID in FWD_NET_ERROR.
 */
gboolean fwd_endpoint_parse(const char *text, FwdEndpoint *endpoint, GError **error);

/** Reads a bare numeric address ("192.0.2.1", "2001:db8::1", "::1%lo"). */
gboolean fwd_endpoint_from_address(const char *address, guint16 port, FwdEndpoint *endpoint);

/** Takes a socket address of family AF_INET or AF_INET6; an IPv4-mapped one becomes IPv4. */
gboolean fwd_endpoint_from_sockaddr(const struct sockaddr *address, socklen_t length,
                                    FwdEndpoint *endpoint);

/** The wildcard address of a family, with port 0. */
void fwd_endpoint_any(int family, FwdEndpoint *endpoint);

/** Writes the text into @text, which holds FWD_ENDPOINT_TEXT_MAX bytes, and returns it. */
const char *fwd_endpoint_format(const FwdEndpoint *endpoint, char *text);

/** The text in memory of its own (transfer full). */
char *fwd_endpoint_to_string(const FwdEndpoint *endpoint);

/** The address alone, without brackets or port (transfer full). */
char *fwd_endpoint_address_to_string(const FwdEndpoint *endpoint);

FwdEndpoint *fwd_endpoint_copy(const FwdEndpoint *endpoint);
void fwd_endpoint_free(FwdEndpoint *endpoint);

gboolean fwd_endpoint_equal(const FwdEndpoint *a, const FwdEndpoint *b);
gboolean fwd_endpoint_same_address(const FwdEndpoint *a, const FwdEndpoint *b);
guint fwd_endpoint_hash(const FwdEndpoint *endpoint);

int fwd_endpoint_family(const FwdEndpoint *endpoint);
socklen_t fwd_endpoint_length(const FwdEndpoint *endpoint);
guint16 fwd_endpoint_port(const FwdEndpoint *endpoint);
void fwd_endpoint_set_port(FwdEndpoint *endpoint, guint16 port);

gboolean fwd_endpoint_is_any(const FwdEndpoint *endpoint);
gboolean fwd_endpoint_is_loopback(const FwdEndpoint *endpoint);
/** 169.254.0.0/16 and fe80::/10. */
gboolean fwd_endpoint_is_link_local(const FwdEndpoint *endpoint);
/** RFC 1918, RFC 6598 (shared, 100.64.0.0/10) and RFC 4193 (fc00::/7). */
gboolean fwd_endpoint_is_private(const FwdEndpoint *endpoint);
/** Whether both lie in one network of @prefix_length bits. */
gboolean fwd_endpoint_same_network(const FwdEndpoint *a, const FwdEndpoint *b,
                                   guint prefix_length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdEndpoint, fwd_endpoint_free)

G_END_DECLS
