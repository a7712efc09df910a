# A line "include" of this file in local.mk adds them to the fuzz targets.
fuzz_targets += %D%/room-message-fuzz %D%/stun-answer-fuzz
%C%_room_message_fuzz_SOURCES = %D%/room-message-fuzz.c
%C%_room_message_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/plugins/signaling
%C%_room_message_fuzz_LDADD = libroommessage.la libmeeting.la libcore.la $(GLIB_LIBS)
%C%_stun_answer_fuzz_SOURCES = %D%/stun-answer-fuzz.c
%C%_stun_answer_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/signaling/signald
%C%_stun_answer_fuzz_LDADD = libsignald.la $(GLIB_LIBS)
