/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/path-mtu.h"

#include "path/udp-path.h"

#define ATTEMPTS_MAX 2
/* Tags of probes; other datagrams are sent with tag 0. */
#define TAG_BIT ((guint64)1 << 63)

/* Below the path's own word: IPv6, PPPoE, tunnels of several kinds, IPv6's least. */
static const guint16 steps[] = {FWD_UDP_MTU4, FWD_UDP_MTU6, 1432, 1412, 1372, 1300, 1232};

void
fwd_path_mtu_reset(FwdPathMtu *mtu, FwdPathId path, guint16 largest)
{
  *mtu = (FwdPathMtu){.path = path, .size = FWD_UDP_MTU_MIN, .largest = largest};
  mtu->settled = largest <= FWD_UDP_MTU_MIN;
}

guint16
fwd_path_mtu_next(const FwdPathMtu *mtu)
{
  return mtu->settled || mtu->probed != 0 ? 0 : mtu->largest;
}

guint64
fwd_path_mtu_tag(const FwdPathMtu *mtu)
{
  return TAG_BIT | (guint64)mtu->path << 16 | mtu->largest;
}

void
fwd_path_mtu_sent(FwdPathMtu *mtu, guint16 size, guint16 length)
{
  mtu->probed = size;
  mtu->probe_length = length;
}

static void
step_down(FwdPathMtu *mtu)
{
  mtu->attempts = 0;
  for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
    if (steps[i] < mtu->largest) {
      mtu->largest = steps[i];
      return;
    }
  }
  mtu->settled = TRUE;
}

void
fwd_path_mtu_settle(FwdPathMtu *mtu, guint64 tag, gboolean lost)
{
  if (mtu->probed == 0 || tag != fwd_path_mtu_tag(mtu))
    return;
  mtu->probed = 0;
  if (!lost) {
    mtu->size = mtu->probe_length;
    mtu->settled = TRUE;
  } else if (++mtu->attempts >= ATTEMPTS_MAX) {
    step_down(mtu);
  }
}
