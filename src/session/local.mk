noinst_LTLIBRARIES += libsession.la
libsession_la_SOURCES =
libsession_la_LIBADD = $(GLIB_LIBS) $(JSON_LIBS)
include $(top_srcdir)/src/session/interfaces.mk
