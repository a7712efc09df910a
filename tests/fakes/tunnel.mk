# Two tunnels on loopback: add libtunnelpair.la to LDADD, and include "fakes/tunnel-pair.h".
check_LTLIBRARIES += libtunnelpair.la
libtunnelpair_la_SOURCES = %D%/tunnel-pair.c %D%/tunnel-pair.h
libtunnelpair_la_SOURCES += %D%/flow-listener.c %D%/flow-listener.h
libtunnelpair_la_SOURCES += %D%/crowd.c %D%/crowd.h
libtunnelpair_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
libtunnelpair_la_LIBADD = $(GLIB_LIBS)
