/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Shared objects that are no plugins, each in its own way. */
#ifdef ODD_FUNCTION
int stunfwd_plugin(void);
int
stunfwd_plugin(void)
{
  return 1;
}
#elif defined ODD_SMALL
extern const int stunfwd_plugin;
const int stunfwd_plugin = 1;
#elif defined ODD_NAMELESS
#include <stunfwd/plugin.h>
extern const FwdPlugin stunfwd_plugin;
const FwdPlugin stunfwd_plugin = {.abi_major = FWD_ABI_MAJOR, .abi_minor = FWD_ABI_MINOR};
#elif defined ODD_UNRESOLVED
int a_function_that_nobody_has(void);
int stranger(void);
int
stranger(void)
{
  return a_function_that_nobody_has();
}
#else
int stranger(void);
int
stranger(void)
{
  return 0;
}
#endif
