/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/path-set.h"
#include <string.h>

/** Any port does: QUIC tells paths apart by the address. */
#define SYNTHETIC_PORT 443

/** In fd00::/8 (RFC 4193); never seen outside the process. Then the id and which end it is. */
static const guint8 prefix[8] = {0xfd, 's', 't', 'u', 'n', 'f', 'w', 'd'};

static void
make_address(FwdPathId id, guint32 end, struct sockaddr_in6 *address)
{
  guint32 words[2] = {htonl(id), htonl(end)};

  *address = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(SYNTHETIC_PORT)};
  memcpy(address->sin6_addr.s6_addr, prefix, sizeof prefix);
  memcpy(address->sin6_addr.s6_addr + sizeof prefix, words, sizeof words);
}

void
fwd_path_set_addresses(FwdPathId id, struct sockaddr_in6 *local, struct sockaddr_in6 *remote)
{
  make_address(id, 1, local);
  make_address(id, 2, remote);
}

FwdPathId
fwd_path_set_id_of(const struct sockaddr *synthetic)
{
  const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)synthetic;
  guint32 id;

  if (synthetic->sa_family != AF_INET6 ||
      memcmp(address->sin6_addr.s6_addr, prefix, sizeof prefix) != 0)
    return 0;
  memcpy(&id, address->sin6_addr.s6_addr + sizeof prefix, sizeof id);
  return ntohl(id);
}
