
unit_tests += %D%/datagram-socket-unit
%C%_datagram_socket_unit_SOURCES = %D%/datagram-socket-unit.c
%C%_datagram_socket_unit_LDADD = libnet.la libcore.la $(GLIB_LIBS)
net_test_libraries = libnet.la libcore.la $(GLIB_LIBS) $(GNUTLS_LIBS)

unit_tests += %D%/endpoint-unit
%C%_endpoint_unit_SOURCES = %D%/endpoint-unit.c
%C%_endpoint_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/nat-unit
%C%_nat_unit_SOURCES = %D%/nat-unit.c
%C%_nat_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/stun-message-unit
%C%_stun_message_unit_SOURCES = %D%/stun-message-unit.c %D%/stun-vectors.h
%C%_stun_message_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/stun-writer-unit
%C%_stun_writer_unit_SOURCES = %D%/stun-writer-unit.c %D%/stun-vectors.h
%C%_stun_writer_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/stun-client-unit
%C%_stun_client_unit_SOURCES = %D%/stun-client-unit.c
%C%_stun_client_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/nat-discovery-unit
%C%_nat_discovery_unit_SOURCES = %D%/nat-discovery-unit.c
%C%_nat_discovery_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/candidates-unit
%C%_candidates_unit_SOURCES = %D%/candidates-unit.c
%C%_candidates_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/ipv6-flags-unit
%C%_ipv6_flags_unit_SOURCES = %D%/ipv6-flags-unit.c
%C%_ipv6_flags_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/nat-observation-unit
%C%_nat_observation_unit_SOURCES = %D%/nat-observation-unit.c
%C%_nat_observation_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/turn-message-unit
%C%_turn_message_unit_SOURCES = %D%/turn-message-unit.c
%C%_turn_message_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/turn-client-unit
%C%_turn_client_unit_SOURCES = %D%/turn-client-unit.c
%C%_turn_client_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_turn_client_unit_LDADD = libfaketurn.la $(net_test_libraries)

unit_tests += %D%/turn-uri-unit
%C%_turn_uri_unit_SOURCES = %D%/turn-uri-unit.c
%C%_turn_uri_unit_LDADD = $(net_test_libraries) $(GIO_LIBS)
unit_tests += %D%/websocket-frame-unit
%C%_websocket_frame_unit_SOURCES = %D%/websocket-frame-unit.c
%C%_websocket_frame_unit_LDADD = libnet.la $(GLIB_LIBS)

unit_tests += %D%/stun-binding-unit
%C%_stun_binding_unit_SOURCES = %D%/stun-binding-unit.c
%C%_stun_binding_unit_LDADD = $(net_test_libraries)
unit_tests += %D%/port-allocation-unit
%C%_port_allocation_unit_SOURCES = %D%/port-allocation-unit.c
%C%_port_allocation_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/nat-survey-unit
%C%_nat_survey_unit_SOURCES = %D%/nat-survey-unit.c
%C%_nat_survey_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/nat-sockets-unit
%C%_nat_sockets_unit_SOURCES = %D%/nat-sockets-unit.c
%C%_nat_sockets_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/nat-unknown-unit
%C%_nat_unknown_unit_SOURCES = %D%/nat-unknown-unit.c
%C%_nat_unknown_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/stun-stream-unit
%C%_stun_stream_unit_SOURCES = %D%/stun-stream-unit.c
%C%_stun_stream_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/nat-lifetime-unit
%C%_nat_lifetime_unit_SOURCES = %D%/nat-lifetime-unit.c
%C%_nat_lifetime_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/link-monitor-unit
%C%_link_monitor_unit_SOURCES = %D%/link-monitor-unit.c
%C%_link_monitor_unit_LDADD = $(net_test_libraries)

unit_tests += %D%/network-state-unit
%C%_network_state_unit_SOURCES = %D%/network-state-unit.c
%C%_network_state_unit_LDADD = $(net_test_libraries)
