noinst_LTLIBRARIES += libpath.la
libpath_la_SOURCES =
libpath_la_LIBADD = $(GLIB_LIBS) $(GNUTLS_LIBS)
