/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aim.h"

static FwdAim
between(guint16 before, guint16 after, gint step)
{
  FwdAim aim = {.round = 1};

  g_assert_true(fwd_endpoint_from_address("203.0.113.7", 0, &aim.address));
  fwd_aim_between(&aim, before, after, step);
  return aim;
}

static void
assert_between(guint16 before, guint16 after, gint step, gint first, gint last, gint step_then)
{
  const FwdAim aim = between(before, after, step);

  g_assert_cmpint(aim.first, ==, first);
  g_assert_cmpint(aim.last, ==, last);
  g_assert_cmpint(aim.step, ==, step_then);
}

static void
test_between(void)
{
  assert_between(2000, 2002, 1, 2001, 2001, 1);
  assert_between(2000, 2006, 3, 2003, 2003, 3);
  assert_between(2000, 2012, 3, 2003, 2009, 3);
  assert_between(2000, 1996, -2, 1998, 1998, -2);
}

/* Somebody took every second port: the step is half of what it seems. */
static void
test_step_seems_longer(void)
{
  assert_between(2000, 2004, 4, 2002, 2002, 2);
  assert_between(2000, 2003, 3, 2001, 2002, 1);
  assert_between(2000, 1998, -2, 1999, 1999, -1);
  assert_between(2000, 2001, 1, 2001, 2001, 1);
}

static void
assert_ports(const FwdAim *aim, guint max, const char *expected)
{
  guint16 ports[FWD_AIM_PORTS_MAX];
  const guint count = fwd_aim_list_ports(aim, ports, max);
  g_autoptr(GString) text = g_string_new(NULL);

  for (guint i = 0; i < count; i++)
    g_string_append_printf(text, "%s%u", i > 0 ? " " : "", ports[i]);
  g_assert_cmpstr(text->str, ==, expected);
}

static void
test_likeliest_first(void)
{
  const FwdAim one = between(2000, 2006, 3), more = between(2000, 2012, 3);
  const FwdAim down = between(2000, 1994, -2);

  assert_ports(&one, 5, "2003 2002 2004 2001 2005");
  assert_ports(&more, 8, "2003 2006 2009 2004 2005 2007 2008 2002");
  assert_ports(&down, 4, "1998 1996 1997 1995");
  assert_ports(&one, 1, "2003");
}

static void
test_edges_of_the_range(void)
{
  FwdAim aim = between(2000, 2002, 1);

  aim.first = aim.last = 65535;
  assert_ports(&aim, 3, "65535 65534 65533");
  aim.first = aim.last = 1;
  assert_ports(&aim, 3, "1 2 3");
}

static void
test_travels(void)
{
  const FwdAim aim = between(2000, 2012, 3);
  g_autoptr(GVariant) message = g_variant_ref_sink(fwd_aim_to_message(&aim));
  FwdAim read;

  g_assert_true(fwd_aim_from_message(message, &read));
  g_assert_cmpuint(read.round, ==, aim.round);
  g_assert_cmpint(read.first, ==, aim.first);
  g_assert_cmpint(read.last, ==, aim.last);
  g_assert_cmpint(read.step, ==, aim.step);
  g_assert_true(fwd_endpoint_same_address(&read.address, &aim.address));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/aim/between", test_between);
  g_test_add_func("/aim/step-seems-longer", test_step_seems_longer);
  g_test_add_func("/aim/likeliest-first", test_likeliest_first);
  g_test_add_func("/aim/edges-of-the-range", test_edges_of_the_range);
  g_test_add_func("/aim/travels", test_travels);
  return g_test_run();
}
