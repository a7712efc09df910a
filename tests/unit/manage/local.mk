manage_test_flags = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
manage_test_libs = libfakesignaling.la libfakes-session.la libstunfwd.la $(GLIB_LIBS) $(JSON_LIBS)

unit_tests += %D%/control-socket-unit %D%/control-unit %D%/status-unit
%C%_control_socket_unit_SOURCES = %D%/control-socket-unit.c
%C%_control_socket_unit_CPPFLAGS = $(manage_test_flags)
%C%_control_socket_unit_LDADD = $(manage_test_libs)
%C%_control_unit_SOURCES = %D%/control-unit.c
%C%_control_unit_CPPFLAGS = $(manage_test_flags)
%C%_control_unit_LDADD = $(manage_test_libs)
%C%_status_unit_SOURCES = %D%/status-unit.c
%C%_status_unit_CPPFLAGS = $(manage_test_flags)
%C%_status_unit_LDADD = $(manage_test_libs)
