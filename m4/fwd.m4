# SPDX-License-Identifier: LGPL-2.1-or-later

# FWD_PLUGIN(NAME, HELP): declares a plugin that is built unless --disable-NAME
# is given. Defines the automake conditional PLUGIN_NAME.
AC_DEFUN([FWD_PLUGIN], [
  m4_pushdef([fwd_var], [m4_translit([$1], [-], [_])])
  AC_ARG_ENABLE([$1], [AS_HELP_STRING([--disable-$1], [leave out the plugin $1: $2])],
    [], [enable_]fwd_var[=yes])
  AM_CONDITIONAL([PLUGIN_]m4_translit([$1], [-a-z], [_A-Z]), [test "$enable_]fwd_var[" != no])
  AS_IF([test "$enable_]fwd_var[" != no], [fwd_plugins="$fwd_plugins $1"])
  m4_popdef([fwd_var])
])

# Warnings, and --enable-werror for CI.
AC_DEFUN([FWD_COMPILER_OPTIONS], [
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [make warnings errors])],
    [], [enable_werror=no])
  WARN_CFLAGS="-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
-Wpointer-arith -Wwrite-strings -Wundef -Wformat=2 -Wno-unused-parameter \
-Wno-missing-field-initializers -Wvla"
  AS_IF([test "$enable_werror" = yes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
  AC_SUBST([WARN_CFLAGS])
])

# --enable-sanitizers[=address,undefined]
AC_DEFUN([FWD_SANITIZERS], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers@<:@=LIST@:>@], [build with sanitizers (address,undefined)])],
    [], [enable_sanitizers=no])
  AS_CASE([$enable_sanitizers],
    [no], [fwd_sanitizers=none],
    [yes], [fwd_sanitizers=address,undefined],
    [fwd_sanitizers=$enable_sanitizers])
  AS_IF([test "$fwd_sanitizers" != none], [
    SANITIZER_CFLAGS="-fsanitize=$fwd_sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer"
  ])
  AC_SUBST([SANITIZER_CFLAGS])
  AM_CONDITIONAL([SANITIZERS], [test "$fwd_sanitizers" != none])
])

# --enable-fuzzing: links the fuzz targets with libFuzzer, which takes CC=clang.
AC_DEFUN([FWD_FUZZING], [
  AC_ARG_ENABLE([fuzzing],
    [AS_HELP_STRING([--enable-fuzzing], [link the fuzz targets with libFuzzer (CC=clang)])],
    [], [enable_fuzzing=no])
  fwd_fuzzing=$enable_fuzzing
  AM_CONDITIONAL([FUZZING], [test "$enable_fuzzing" = yes])
])

# --with-systemdsystemunitdir=DIR installs the systemd units there; by default they are not.
AC_DEFUN([FWD_SYSTEMD_UNITS], [
  AC_ARG_WITH([systemdsystemunitdir],
    [AS_HELP_STRING([--with-systemdsystemunitdir=DIR], [install systemd units in DIR (no)])],
    [], [with_systemdsystemunitdir=no])
  AS_IF([test "$with_systemdsystemunitdir" = yes],
    [AC_MSG_ERROR([--with-systemdsystemunitdir takes a folder, such as /lib/systemd/system])])
  AS_IF([test "$with_systemdsystemunitdir" != no],
    [AC_SUBST([systemdsystemunitdir], [$with_systemdsystemunitdir])])
  AM_CONDITIONAL([SYSTEMD_UNITS], [test "$with_systemdsystemunitdir" != no])
])

# FWD_IPSEC_MB
# --with-ipsec-mb: packets are protected by libipsec-mb where the processor allows it. Without the
# option: if it is there.
AC_DEFUN([FWD_IPSEC_MB], [
  AC_ARG_WITH([ipsec-mb],
    [AS_HELP_STRING([--with-ipsec-mb], [protect packets with libipsec-mb (x86-64) @<:@if found@:>@])],
    [], [with_ipsec_mb=check])
  fwd_ipsec_mb=no
  AS_IF([test "x$with_ipsec_mb" != xno], [
    AC_CHECK_HEADER([intel-ipsec-mb.h],
      [AC_CHECK_LIB([IPSec_MB], [alloc_mb_mgr], [fwd_ipsec_mb=yes])])
    AS_IF([test "x$with_ipsec_mb$fwd_ipsec_mb" = xyesno],
      [AC_MSG_ERROR([libipsec-mb is missing: install libipsec-mb-dev])])
  ])
  AS_IF([test $fwd_ipsec_mb = yes], [
    AC_DEFINE([HAVE_IPSEC_MB], [1], [Whether libipsec-mb may protect packets.])
    AC_SUBST([IPSEC_MB_LIBS], [-lIPSec_MB])
  ])
  AM_CONDITIONAL([HAVE_IPSEC_MB], [test $fwd_ipsec_mb = yes])
])
