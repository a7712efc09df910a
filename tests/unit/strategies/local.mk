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

# What the strategies share.
strategies_test_cppflags = $(AM_CPPFLAGS) -iquote $(top_srcdir)/plugins/strategies
port_mapper_test_libs = libport-mapper.la libstunfwd.la $(GLIB_LIBS)

unit_tests += %D%/pcp-message-unit %D%/default-gateway-unit %D%/port-failure-unit %D%/port-mapper-unit
%C%_pcp_message_unit_SOURCES = %D%/pcp-message-unit.c
%C%_pcp_message_unit_CPPFLAGS = $(strategies_test_cppflags)
%C%_pcp_message_unit_LDADD = $(port_mapper_test_libs)
%C%_default_gateway_unit_SOURCES = %D%/default-gateway-unit.c
%C%_default_gateway_unit_CPPFLAGS = $(strategies_test_cppflags)
%C%_default_gateway_unit_LDADD = $(port_mapper_test_libs)
%C%_port_failure_unit_SOURCES = %D%/port-failure-unit.c
%C%_port_failure_unit_CPPFLAGS = $(strategies_test_cppflags)
%C%_port_failure_unit_LDADD = $(port_mapper_test_libs)
%C%_port_mapper_unit_SOURCES = %D%/port-mapper-unit.c %D%/scripted-router.c %D%/scripted-router.h
%C%_port_mapper_unit_CPPFLAGS = $(strategies_test_cppflags)
%C%_port_mapper_unit_LDADD = $(port_mapper_test_libs)

unit_tests += %D%/ssdp-unit
%C%_ssdp_unit_SOURCES = %D%/ssdp-unit.c
%C%_ssdp_unit_CPPFLAGS = $(strategies_test_cppflags)
%C%_ssdp_unit_LDADD = $(port_mapper_test_libs)

unit_tests += %D%/tcp-message-unit %D%/tcp-link-unit
%C%_tcp_message_unit_SOURCES = %D%/tcp-message-unit.c plugins/strategies/tcp-message.c plugins/strategies/tcp-stun.c
%C%_tcp_message_unit_CPPFLAGS = $(strategies_test_cppflags)
%C%_tcp_message_unit_LDADD = libstunfwd.la $(GLIB_LIBS)
%C%_tcp_link_unit_SOURCES = %D%/tcp-link-unit.c plugins/strategies/tcp-link.c plugins/strategies/tcp-socket.c \
	plugins/strategies/tcp-source.c
%C%_tcp_link_unit_CPPFLAGS = $(strategies_test_cppflags) -I$(top_srcdir)/tests
%C%_tcp_link_unit_LDADD = libfakes-plugins.la libstunfwd.la $(GLIB_LIBS)
