tunnel_loop_libraries = libtunnel.la libpath.la libnet.la libcore.la $(GLIB_LIBS) $(GNUTLS_LIBS)

unit_tests += %D%/timer-heap-unit
%C%_timer_heap_unit_SOURCES = %D%/timer-heap-unit.c
%C%_timer_heap_unit_LDADD = $(tunnel_loop_libraries)

unit_tests += %D%/data-loop-unit
%C%_data_loop_unit_SOURCES = %D%/data-loop-unit.c
%C%_data_loop_unit_LDADD = $(tunnel_loop_libraries)

unit_tests += %D%/packet-kind-unit
%C%_packet_kind_unit_SOURCES = %D%/packet-kind-unit.c
%C%_packet_kind_unit_LDADD = $(tunnel_loop_libraries)

unit_tests += %D%/check-table-unit
%C%_check_table_unit_SOURCES = %D%/check-table-unit.c
%C%_check_table_unit_LDADD = $(tunnel_loop_libraries)

unit_tests += %D%/demultiplexer-unit
%C%_demultiplexer_unit_SOURCES = %D%/demultiplexer-unit.c
%C%_demultiplexer_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_demultiplexer_unit_LDADD = libfakepath.la $(tunnel_loop_libraries)

unit_tests += %D%/data-plane-unit
%C%_data_plane_unit_SOURCES = %D%/data-plane-unit.c
%C%_data_plane_unit_LDADD = $(tunnel_loop_libraries)

unit_tests += %D%/demultiplexer-stream-unit
%C%_demultiplexer_stream_unit_SOURCES = %D%/demultiplexer-stream-unit.c
%C%_demultiplexer_stream_unit_LDADD = $(tunnel_loop_libraries)
