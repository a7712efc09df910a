noinst_LTLIBRARIES += libmeeting.la
libmeeting_la_SOURCES =
libmeeting_la_LIBADD = $(GLIB_LIBS) $(JSON_LIBS) $(SODIUM_LIBS)
