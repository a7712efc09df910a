tunnel_quic_libraries = libtunnel.la libpath.la libnet.la libcore.la $(GLIB_LIBS) $(GNUTLS_LIBS)

unit_tests += %D%/identity-unit
%C%_identity_unit_SOURCES = %D%/identity-unit.c
%C%_identity_unit_LDADD = $(tunnel_quic_libraries)

unit_tests += %D%/quic-tunnel-unit
%C%_quic_tunnel_unit_SOURCES = %D%/quic-tunnel-unit.c
%C%_quic_tunnel_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_quic_tunnel_unit_LDADD = libtunnelpair.la $(tunnel_quic_libraries)

unit_tests += %D%/framed-tunnel-unit
%C%_framed_tunnel_unit_SOURCES = %D%/framed-tunnel-unit.c
%C%_framed_tunnel_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_framed_tunnel_unit_LDADD = libtunnelpair.la $(tunnel_quic_libraries)

unit_tests += %D%/tunnel-end-unit
%C%_tunnel_end_unit_SOURCES = %D%/tunnel-end-unit.c
%C%_tunnel_end_unit_LDADD = $(tunnel_quic_libraries)

unit_tests += %D%/flow-unit
%C%_flow_unit_SOURCES = %D%/flow-unit.c
%C%_flow_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_flow_unit_LDADD = libtunnelpair.la $(tunnel_quic_libraries)

unit_tests += %D%/flow-burst-unit
%C%_flow_burst_unit_SOURCES = %D%/flow-burst-unit.c
%C%_flow_burst_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_flow_burst_unit_LDADD = libtunnelpair.la $(tunnel_quic_libraries)

unit_tests += %D%/datagram-run-unit
%C%_datagram_run_unit_SOURCES = %D%/datagram-run-unit.c
%C%_datagram_run_unit_LDADD = $(tunnel_quic_libraries)

unit_tests += %D%/chunk-unit
%C%_chunk_unit_SOURCES = %D%/chunk-unit.c
%C%_chunk_unit_LDADD = $(tunnel_quic_libraries)

unit_tests += %D%/scheduler-unit
%C%_scheduler_unit_SOURCES = %D%/scheduler-unit.c
%C%_scheduler_unit_LDADD = $(tunnel_quic_libraries)

unit_tests += %D%/datagram-queue-unit
%C%_datagram_queue_unit_SOURCES = %D%/datagram-queue-unit.c
%C%_datagram_queue_unit_LDADD = $(tunnel_quic_libraries)

unit_tests += %D%/held-initial-unit
%C%_held_initial_unit_SOURCES = %D%/held-initial-unit.c
%C%_held_initial_unit_LDADD = $(tunnel_quic_libraries)

unit_tests += %D%/flight-limit-unit
%C%_flight_limit_unit_SOURCES = %D%/flight-limit-unit.c
%C%_flight_limit_unit_LDADD = $(tunnel_quic_libraries)

if HAVE_IPSEC_MB
unit_tests += %D%/packet-protection-unit
%C%_packet_protection_unit_SOURCES = %D%/packet-protection-unit.c
%C%_packet_protection_unit_LDADD = $(tunnel_quic_libraries)
endif

unit_tests += %D%/listener-unit
%C%_listener_unit_SOURCES = %D%/listener-unit.c tests/fakes/few-descriptors.c tests/fakes/few-descriptors.h
%C%_listener_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_listener_unit_LDADD = libtunnelpair.la $(tunnel_quic_libraries)

unit_tests += %D%/target-table-unit
%C%_target_table_unit_SOURCES = %D%/target-table-unit.c
%C%_target_table_unit_LDADD = $(tunnel_quic_libraries)

unit_tests += %D%/redial-unit
%C%_redial_unit_SOURCES = %D%/redial-unit.c
%C%_redial_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_redial_unit_LDADD = libtunnelpair.la $(tunnel_quic_libraries)

unit_tests += %D%/back-pressure-unit
%C%_back_pressure_unit_SOURCES = %D%/back-pressure-unit.c
%C%_back_pressure_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_back_pressure_unit_LDADD = libtunnelpair.la $(tunnel_quic_libraries)

unit_tests += %D%/buffer-limit-unit
%C%_buffer_limit_unit_SOURCES = %D%/buffer-limit-unit.c
%C%_buffer_limit_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_buffer_limit_unit_LDADD = libfakes-session.la $(tunnel_quic_libraries)

unit_tests += %D%/fairness-unit
%C%_fairness_unit_SOURCES = %D%/fairness-unit.c
%C%_fairness_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_fairness_unit_LDADD = libtunnelpair.la $(tunnel_quic_libraries)

unit_tests += %D%/stream-window-unit
%C%_stream_window_unit_SOURCES = %D%/stream-window-unit.c
%C%_stream_window_unit_LDADD = $(tunnel_quic_libraries)
