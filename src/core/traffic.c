/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/mapping.h>

FwdTraffic *
fwd_traffic_new(void)
{
  FwdTraffic *traffic = g_new0(FwdTraffic, 1);

  g_atomic_ref_count_init(&traffic->references);
  return traffic;
}

FwdTraffic *
fwd_traffic_ref(FwdTraffic *traffic)
{
  g_atomic_ref_count_inc(&traffic->references);
  return traffic;
}

void
fwd_traffic_unref(FwdTraffic *traffic)
{
  if (g_atomic_ref_count_dec(&traffic->references))
    g_free(traffic);
}
