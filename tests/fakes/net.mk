# A TURN server's answers: add libfaketurn.la to LDADD, and include "fakes/fake-turn-server.h".
check_LTLIBRARIES += libfaketurn.la
libfaketurn_la_SOURCES = %D%/fake-turn-server.c %D%/fake-turn-server.h %D%/turn-relay.c %D%/turn-relay.h
libfaketurn_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
libfaketurn_la_LIBADD = $(GLIB_LIBS) $(GNUTLS_LIBS)
