path_unit_libraries = libpath.la libnet.la libcore.la $(GLIB_LIBS)

unit_tests += %D%/packet-loss-unit
%C%_packet_loss_unit_SOURCES = %D%/packet-loss-unit.c
%C%_packet_loss_unit_LDADD = $(path_unit_libraries)

unit_tests += %D%/path-choice-unit
%C%_path_choice_unit_SOURCES = %D%/path-choice-unit.c
%C%_path_choice_unit_LDADD = $(path_unit_libraries)

unit_tests += %D%/path-monitor-unit
%C%_path_monitor_unit_SOURCES = %D%/path-monitor-unit.c
%C%_path_monitor_unit_LDADD = $(path_unit_libraries)

unit_tests += %D%/path-set-unit
%C%_path_set_unit_SOURCES = %D%/path-set-unit.c
%C%_path_set_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_path_set_unit_LDADD = libfakepath.la $(path_unit_libraries)

unit_tests += %D%/probe-unit
%C%_probe_unit_SOURCES = %D%/probe-unit.c
%C%_probe_unit_LDADD = $(path_unit_libraries)

unit_tests += %D%/frame-reader-unit
%C%_frame_reader_unit_SOURCES = %D%/frame-reader-unit.c
%C%_frame_reader_unit_LDADD = $(path_unit_libraries)

unit_tests += %D%/framed-path-unit
%C%_framed_path_unit_SOURCES = %D%/framed-path-unit.c tests/fakes/test-certificate.h
%C%_framed_path_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_framed_path_unit_LDADD = $(path_unit_libraries)

unit_tests += %D%/turn-path-unit
%C%_turn_path_unit_SOURCES = %D%/turn-path-unit.c
%C%_turn_path_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_turn_path_unit_LDADD = libfaketurn.la $(path_unit_libraries) $(GNUTLS_LIBS)
