/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port-allocation.h"

#define SAMPLES_MIN 3
#define SAMPLES_MAX 64
/*
 * A step beyond this is no step of a busy counter, unless most are alike. Seven
 * random steps all fall below it, on one side, in one case of 10^15.
 */
#define STEP_MAX 512

typedef struct {
  gint values[SAMPLES_MAX];
  guint count;
} Steps;

static gboolean
is_preserving(const FwdPortSample *samples, guint count)
{
  guint preserved = 0;

  for (guint i = 0; i < count; i++)
    preserved += samples[i].local == samples[i].mapped ? 1 : 0;
  /* A port that is taken is replaced; that does not make the NAT another one. */
  return 2 * preserved > count;
}

/* The difference as a step up or down; a counter that wraps at 65535 does not matter. */
static gint
step_between(const FwdPortSample *from, const FwdPortSample *to)
{
  return (gint16)(guint16)(to->mapped - from->mapped);
}

static void
list_steps(const FwdPortSample *samples, guint count, Steps *steps)
{
  steps->count = 0;
  for (guint i = 1; i < MIN(count, SAMPLES_MAX); i++)
    steps->values[steps->count++] = step_between(&samples[i - 1], &samples[i]);
}

static guint
count_equal(const Steps *steps, gint value)
{
  guint equal = 0;

  for (guint i = 0; i < steps->count; i++)
    equal += steps->values[i] == value ? 1 : 0;
  return equal;
}

/* The commonest step; of two that are equally common the shorter one. */
static gint
commonest(const Steps *steps, guint *times)
{
  gint best = 0;

  *times = 0;
  for (guint i = 0; i < steps->count; i++) {
    gint value = steps->values[i];
    guint equal = count_equal(steps, value);

    if (equal > *times || (equal == *times && ABS(value) < ABS(best))) {
      best = value;
      *times = equal;
    }
  }
  return best;
}

static gboolean
is_counting(const Steps *steps)
{
  for (guint i = 0; i < steps->count; i++) {
    gint value = steps->values[i];

    if (value == 0 || ABS(value) > STEP_MAX || (value > 0) != (steps->values[0] > 0))
      return FALSE;
  }
  return TRUE;
}

static gint
common_divisor(const Steps *steps)
{
  gint divisor = 0;

  for (guint i = 0; i < steps->count; i++) {
    gint other = ABS(steps->values[i]);

    while (other != 0) {
      gint rest = divisor % other;

      divisor = other;
      other = rest;
    }
  }
  return steps->values[0] < 0 ? -divisor : divisor;
}

/* How far a prediction from the port before would have missed; a jump of the pool aside. */
static guint
spread_around(const Steps *steps, gint delta)
{
  gint spread = 0;

  for (guint i = 0; i < steps->count; i++) {
    gint miss = ABS(steps->values[i] - delta);

    if (miss <= STEP_MAX)
      spread = MAX(spread, miss);
  }
  return (guint)spread;
}

static FwdPortAllocation
sequential(const Steps *steps, gint delta)
{
  return (FwdPortAllocation){
      .pattern = FWD_PORTS_SEQUENTIAL,
      .delta = delta,
      .spread = spread_around(steps, delta),
  };
}

FwdPortAllocation
fwd_port_allocation_judge(const FwdPortSample *samples, guint count)
{
  Steps steps;
  guint times;
  gint common;

  if (count < SAMPLES_MIN)
    return (FwdPortAllocation){.pattern = FWD_PORTS_UNKNOWN};
  if (is_preserving(samples, count))
    return (FwdPortAllocation){.pattern = FWD_PORTS_PRESERVED};
  list_steps(samples, count, &steps);
  common = commonest(&steps, &times);
  if (common != 0 && 2 * times > steps.count)
    return sequential(&steps, common);
  if (is_counting(&steps))
    return sequential(&steps, times > 1 ? common : common_divisor(&steps));
  return (FwdPortAllocation){.pattern = FWD_PORTS_RANDOM};
}
