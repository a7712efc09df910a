noinst_LTLIBRARIES += libcore.la
libcore_la_SOURCES =
libcore_la_LIBADD = $(GLIB_LIBS) $(LTDL_LIBS)
