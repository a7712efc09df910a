fuzz_targets += %D%/room-message-fuzz %D%/stun-answer-fuzz
%C%_room_message_fuzz_SOURCES = %D%/room-message-fuzz.c $(fuzz_driver)
%C%_room_message_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/plugins/signaling
%C%_room_message_fuzz_LDFLAGS = $(fuzz_flags)
%C%_room_message_fuzz_LDADD = libroommessage.la libmeeting.la libnet.la libcore.la $(GLIB_LIBS) $(JSON_LIBS)
%C%_stun_answer_fuzz_SOURCES = %D%/stun-answer-fuzz.c $(fuzz_driver)
%C%_stun_answer_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/signaling/signald
%C%_stun_answer_fuzz_LDFLAGS = $(fuzz_flags)
%C%_stun_answer_fuzz_LDADD = libsignald.la $(GLIB_LIBS)
EXTRA_DIST += %D%/corpus/room-message %D%/corpus/stun-answer

fuzz_targets += tests/fuzz/relay-frames-fuzz
tests_fuzz_relay_frames_fuzz_SOURCES = tests/fuzz/relay-frames-fuzz.c $(fuzz_driver)
tests_fuzz_relay_frames_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/signaling/signald
tests_fuzz_relay_frames_fuzz_LDFLAGS = $(fuzz_flags)
tests_fuzz_relay_frames_fuzz_LDADD = libsignald.la $(GLIB_LIBS)
EXTRA_DIST += tests/fuzz/corpus/relay-frames
