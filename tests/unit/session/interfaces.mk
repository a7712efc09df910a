unit_tests += %D%/check-list-unit %D%/attempt-unit
%C%_check_list_unit_SOURCES = %D%/check-list-unit.c
%C%_check_list_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_check_list_unit_LDADD = libfakes-plugins.la libstunfwd.la $(GLIB_LIBS)
%C%_attempt_unit_SOURCES = %D%/attempt-unit.c
%C%_attempt_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_attempt_unit_LDADD = libfakes-plugins.la libstunfwd.la $(GLIB_LIBS)
