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
