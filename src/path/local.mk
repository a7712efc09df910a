noinst_LTLIBRARIES += libpath.la
libpath_la_SOURCES =
libpath_la_LIBADD = $(GLIB_LIBS) $(GNUTLS_LIBS)
libpath_la_SOURCES += %D%/path.c
libpath_la_SOURCES += %D%/probe.c %D%/probe.h
libpath_la_SOURCES += %D%/udp-path.c %D%/udp-path.h
