# An in-memory pair of paths: add libfakepath.la to LDADD, and include "fakes/fake-path.h".
check_LTLIBRARIES += libfakepath.la
libfakepath_la_SOURCES = %D%/fake-path.c %D%/fake-path.h
libfakepath_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
libfakepath_la_LIBADD = $(GLIB_LIBS)
