# The tests of signald and of the parts that the websocket plugin shares with it.
signald_test_cppflags = $(AM_CPPFLAGS) -iquote $(top_srcdir)/signaling/signald \
	-iquote $(top_srcdir)/plugins/signaling

unit_tests += %D%/rate-limit-unit
%C%_rate_limit_unit_SOURCES = %D%/rate-limit-unit.c
%C%_rate_limit_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_rate_limit_unit_LDADD = libsignald.la $(GLIB_LIBS)

unit_tests += %D%/rooms-unit
%C%_rooms_unit_SOURCES = %D%/rooms-unit.c
%C%_rooms_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_rooms_unit_LDADD = libsignald.la $(GLIB_LIBS)

unit_tests += %D%/stun-answer-unit
%C%_stun_answer_unit_SOURCES = %D%/stun-answer-unit.c
%C%_stun_answer_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_stun_answer_unit_LDADD = libsignald.la $(GLIB_LIBS)

unit_tests += %D%/stun-classic-unit
%C%_stun_classic_unit_SOURCES = %D%/stun-classic-unit.c
%C%_stun_classic_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_stun_classic_unit_LDADD = libsignald.la $(GLIB_LIBS)

unit_tests += %D%/stun-tcp-unit
%C%_stun_tcp_unit_SOURCES = %D%/stun-tcp-unit.c
%C%_stun_tcp_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_stun_tcp_unit_LDADD = libsignald.la $(GLIB_LIBS)

unit_tests += %D%/stun-server-unit
%C%_stun_server_unit_SOURCES = %D%/stun-server-unit.c
%C%_stun_server_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_stun_server_unit_LDADD = libsignald.la $(GLIB_LIBS)

unit_tests += %D%/options-unit
%C%_options_unit_SOURCES = %D%/options-unit.c
%C%_options_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_options_unit_LDADD = libsignald.la $(GLIB_LIBS)

unit_tests += %D%/room-message-unit
%C%_room_message_unit_SOURCES = %D%/room-message-unit.c
%C%_room_message_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_room_message_unit_LDADD = libroommessage.la libmeeting.la libnet.la libcore.la $(GLIB_LIBS)

unit_tests += %D%/websocket-backoff-unit
%C%_websocket_backoff_unit_SOURCES = %D%/websocket-backoff-unit.c plugins/signaling/websocket-backoff.c
%C%_websocket_backoff_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_websocket_backoff_unit_LDADD = $(GLIB_LIBS)

unit_tests += %D%/slow-reader-unit
%C%_slow_reader_unit_SOURCES = %D%/slow-reader-unit.c %D%/server-fixture.c %D%/server-fixture.h
%C%_slow_reader_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_slow_reader_unit_LDADD = libsignald.la $(GLIB_LIBS)

unit_tests += %D%/server-unit
%C%_server_unit_SOURCES = %D%/server-unit.c %D%/server-fixture.c %D%/server-fixture.h
%C%_server_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_server_unit_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS)
%C%_server_unit_LDADD = libsignald.la $(GLIB_LIBS)

unit_tests += %D%/program-unit
%C%_program_unit_SOURCES = %D%/program-unit.c
%C%_program_unit_LDADD = $(GLIB_LIBS)
EXTRA_%C%_program_unit_DEPENDENCIES = stunfwd-signald

unit_tests += %D%/fake-signaling-unit
%C%_fake_signaling_unit_SOURCES = %D%/fake-signaling-unit.c tests/fakes/fake-signaling.c \
	tests/fakes/fake-signaling.h
%C%_fake_signaling_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_fake_signaling_unit_LDADD = libmeeting.la libcore.la $(GLIB_LIBS)

unit_tests += %D%/relay-frames-unit
%C%_relay_frames_unit_SOURCES = %D%/relay-frames-unit.c
%C%_relay_frames_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_relay_frames_unit_LDADD = libsignald.la $(GLIB_LIBS)

unit_tests += %D%/relay-pair-unit
%C%_relay_pair_unit_SOURCES = %D%/relay-pair-unit.c
%C%_relay_pair_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_relay_pair_unit_LDADD = libsignald.la $(GLIB_LIBS)

unit_tests += %D%/relay-unit
%C%_relay_unit_SOURCES = %D%/relay-unit.c %D%/server-fixture.c %D%/server-fixture.h
%C%_relay_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_relay_unit_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS)
%C%_relay_unit_LDADD = libsignald.la $(GLIB_LIBS)
unit_tests += %D%/turn-credentials-unit
%C%_turn_credentials_unit_SOURCES = %D%/turn-credentials-unit.c
%C%_turn_credentials_unit_CPPFLAGS = $(signald_test_cppflags)
%C%_turn_credentials_unit_LDADD = libsignald.la $(GLIB_LIBS)
