session_test_libs = libfakes-session.la libfakes-plugins.la libstunfwd.la $(GLIB_LIBS) $(JSON_LIBS)

session_test_flags = $(AM_CPPFLAGS) -I$(top_srcdir)/tests

unit_tests += %D%/access-list-unit %D%/persistent-tunnel-unit %D%/mapping-table-unit \
	%D%/session-unit
%C%_access_list_unit_SOURCES = %D%/access-list-unit.c
%C%_access_list_unit_LDADD = $(session_test_libs)
%C%_persistent_tunnel_unit_SOURCES = %D%/persistent-tunnel-unit.c \
	tests/fakes/few-descriptors.c tests/fakes/few-descriptors.h
%C%_persistent_tunnel_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_persistent_tunnel_unit_LDADD = $(session_test_libs)
%C%_mapping_table_unit_SOURCES = %D%/mapping-table-unit.c
%C%_mapping_table_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_mapping_table_unit_LDADD = $(session_test_libs)
%C%_session_unit_SOURCES = %D%/session-unit.c
%C%_session_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_session_unit_LDADD = libfakesignaling.la $(session_test_libs) $(SODIUM_LIBS)

unit_tests += %D%/credentials-unit
%C%_credentials_unit_SOURCES = %D%/credentials-unit.c
%C%_credentials_unit_CPPFLAGS = $(session_test_flags)
%C%_credentials_unit_LDADD = $(session_test_libs) $(SODIUM_LIBS)

unit_tests += %D%/room-unit
%C%_room_unit_SOURCES = %D%/room-unit.c
%C%_room_unit_CPPFLAGS = $(session_test_flags)
%C%_room_unit_LDADD = libfakesignaling.la $(session_test_libs) $(SODIUM_LIBS)

unit_tests += %D%/service-unit
%C%_service_unit_SOURCES = %D%/service-unit.c
%C%_service_unit_CPPFLAGS = $(session_test_flags)
%C%_service_unit_LDADD = $(session_test_libs) $(SODIUM_LIBS)

unit_tests += %D%/reverse-mappings-unit
%C%_reverse_mappings_unit_SOURCES = %D%/reverse-mappings-unit.c
%C%_reverse_mappings_unit_CPPFLAGS = $(session_test_flags)
%C%_reverse_mappings_unit_LDADD = $(session_test_libs) $(SODIUM_LIBS)

unit_tests += %D%/connector-unit
%C%_connector_unit_SOURCES = %D%/connector-unit.c
%C%_connector_unit_CPPFLAGS = $(session_test_flags)
%C%_connector_unit_LDADD = $(session_test_libs) $(SODIUM_LIBS)

unit_tests += %D%/protocol-unit
%C%_protocol_unit_SOURCES = %D%/protocol-unit.c
%C%_protocol_unit_CPPFLAGS = $(session_test_flags)
%C%_protocol_unit_LDADD = libfakesignaling.la $(session_test_libs) $(SODIUM_LIBS)

unit_tests += %D%/discovery-unit
%C%_discovery_unit_SOURCES = %D%/discovery-unit.c
%C%_discovery_unit_CPPFLAGS = $(session_test_flags)
%C%_discovery_unit_LDADD = $(session_test_libs) $(SODIUM_LIBS)

unit_tests += %D%/turn-allocation-unit
%C%_turn_allocation_unit_SOURCES = %D%/turn-allocation-unit.c
%C%_turn_allocation_unit_CPPFLAGS = $(session_test_flags)
%C%_turn_allocation_unit_LDADD = libfaketurn.la $(session_test_libs)

include $(top_srcdir)/tests/unit/session/interfaces.mk

unit_tests += %D%/network-memory-unit
%C%_network_memory_unit_SOURCES = %D%/network-memory-unit.c
%C%_network_memory_unit_LDADD = $(session_test_libs)

unit_tests += %D%/nat-figures-unit
%C%_nat_figures_unit_SOURCES = %D%/nat-figures-unit.c
%C%_nat_figures_unit_LDADD = $(session_test_libs)

unit_tests += %D%/turns-unit %D%/history-unit %D%/advice-unit
%C%_turns_unit_SOURCES = %D%/turns-unit.c
%C%_turns_unit_LDADD = $(session_test_libs)
%C%_history_unit_SOURCES = %D%/history-unit.c
%C%_history_unit_LDADD = $(session_test_libs)
%C%_advice_unit_SOURCES = %D%/advice-unit.c
%C%_advice_unit_LDADD = $(session_test_libs)
unit_tests += %D%/pursuit-unit
%C%_pursuit_unit_SOURCES = %D%/pursuit-unit.c
%C%_pursuit_unit_CPPFLAGS = $(session_test_flags)
%C%_pursuit_unit_LDADD = $(session_test_libs) $(SODIUM_LIBS)
