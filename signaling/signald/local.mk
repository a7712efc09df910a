# SPDX-License-Identifier: GPL-2.0-or-later
# The program is a thin main over a convenience library that the tests link.

noinst_LTLIBRARIES += libsignald.la
libsignald_la_SOURCES = %D%/rate-limit.c %D%/rate-limit.h %D%/options.c %D%/options.h %D%/rooms.c \
	%D%/rooms.h %D%/server.c %D%/server.h %D%/socket.c %D%/socket.h %D%/stun-answer.c \
	%D%/stun-answer.h %D%/stun-classic.c %D%/stun-classic.h %D%/stun-server.c %D%/stun-server.h \
	%D%/stun-tcp.c %D%/stun-tcp.h %D%/turn-credentials.c %D%/turn-credentials.h
libsignald_la_SOURCES += %D%/relay.c %D%/relay.h %D%/relay-frames.c %D%/relay-frames.h \
	%D%/relay-pair.c %D%/relay-pair.h %D%/relay-thread.c %D%/relay-thread.h
libsignald_la_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/plugins/signaling
libsignald_la_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS)
libsignald_la_LIBADD = libroommessage.la libmeeting.la libnet.la libcore.la $(SOUP_LIBS)

bin_PROGRAMS += stunfwd-signald
stunfwd_signald_SOURCES = %D%/main.c
stunfwd_signald_LDADD = libsignald.la $(GLIB_LIBS)
