noinst_LTLIBRARIES += libsession.la
libsession_la_SOURCES = \
	%D%/acceptor.c %D%/acceptor.h %D%/access-list.c %D%/access-list.h %D%/client-session.c %D%/client-session.h \
	%D%/connector-attempt.c %D%/connector-attempt.h %D%/connector.c %D%/connector.h \
	%D%/credentials.c %D%/credentials.h %D%/discovery.c %D%/discovery.h %D%/drain.c %D%/drain.h %D%/hello.c \
	%D%/hello.h %D%/interfaces.c %D%/interfaces.h %D%/measurement.c %D%/measurement.h %D%/mapping-entry.c %D%/mapping-entry.h %D%/mapping-table.c \
	%D%/mapping-table.h %D%/nat-figures.c %D%/nat-figures.h %D%/network-memory.c %D%/network-memory.h %D%/network-watch.c %D%/network-watch.h %D%/stun-lookup.c %D%/stun-lookup.h %D%/peer-list.c %D%/peer-list.h %D%/peer.c %D%/peer.h \
	%D%/persistent-tunnel.c %D%/persistent-tunnel.h %D%/reverse-mappings.c \
	%D%/reverse-mappings.h %D%/room.c %D%/room.h %D%/server-session.c \
	%D%/server-session.h %D%/service.c %D%/service.h %D%/session.c %D%/session.h %D%/session-peers.c %D%/session-private.h \
	%D%/history.c %D%/history.h %D%/pursuit.c %D%/pursuit.h %D%/turns.c %D%/turns.h \
	%D%/advice.c %D%/advice.h %D%/teller.c %D%/teller.h \
	%D%/surroundings.c %D%/surroundings.h
libsession_la_SOURCES += %D%/turn-allocate.c %D%/turn-allocation.c %D%/turn-allocation.h \
	%D%/turn-connect.c %D%/turn-connect.h
libsession_la_LIBADD = $(GLIB_LIBS) $(JSON_LIBS) $(SODIUM_LIBS)
include $(top_srcdir)/src/session/interfaces.mk
