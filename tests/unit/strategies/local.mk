# What the strategies that punch have in common; the strategies themselves: tests/conformance.
punch_test_libraries = libpunch.la libfakes-plugins.la libstunfwd.la $(GLIB_LIBS)
punch_test_flags = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -iquote $(top_srcdir)/plugins/strategies

unit_tests += %D%/aim-unit %D%/ends-unit %D%/own-sockets-unit
%C%_aim_unit_SOURCES = %D%/aim-unit.c
%C%_aim_unit_CPPFLAGS = $(punch_test_flags)
%C%_aim_unit_LDADD = $(punch_test_libraries)
%C%_ends_unit_SOURCES = %D%/ends-unit.c
%C%_ends_unit_CPPFLAGS = $(punch_test_flags)
%C%_ends_unit_LDADD = $(punch_test_libraries)
%C%_own_sockets_unit_SOURCES = %D%/own-sockets-unit.c
%C%_own_sockets_unit_CPPFLAGS = $(punch_test_flags)
%C%_own_sockets_unit_LDADD = $(punch_test_libraries)
