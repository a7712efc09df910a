session_test_libs = libfakes-session.la libfakes-plugins.la libstunfwd.la $(GLIB_LIBS) $(JSON_LIBS)

unit_tests += %D%/access-list-unit %D%/persistent-tunnel-unit %D%/mapping-table-unit \
	%D%/session-unit
%C%_access_list_unit_SOURCES = %D%/access-list-unit.c
%C%_access_list_unit_LDADD = $(session_test_libs)
%C%_persistent_tunnel_unit_SOURCES = %D%/persistent-tunnel-unit.c
%C%_persistent_tunnel_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_persistent_tunnel_unit_LDADD = $(session_test_libs)
%C%_mapping_table_unit_SOURCES = %D%/mapping-table-unit.c
%C%_mapping_table_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_mapping_table_unit_LDADD = $(session_test_libs)
%C%_session_unit_SOURCES = %D%/session-unit.c
%C%_session_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_session_unit_LDADD = libfakesignaling.la $(session_test_libs) $(SODIUM_LIBS)

include $(top_srcdir)/tests/unit/session/interfaces.mk
