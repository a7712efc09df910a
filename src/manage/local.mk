noinst_LTLIBRARIES += libmanage.la
libmanage_la_SOURCES =
libmanage_la_LIBADD = $(GLIB_LIBS) $(JSON_LIBS)
