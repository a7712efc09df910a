noinst_LTLIBRARIES += libmeeting.la
libmeeting_la_SOURCES = %D%/signaling.c
libmeeting_la_LIBADD = $(GLIB_LIBS) $(JSON_LIBS) $(SODIUM_LIBS)
