# Signaling in the process: add libfakesignaling.la to LDADD, and include "fakes/fake-signaling.h".
check_LTLIBRARIES += libfakesignaling.la
libfakesignaling_la_SOURCES = %D%/fake-signaling.c %D%/fake-signaling.h
libfakesignaling_la_LIBADD = $(GLIB_LIBS)
