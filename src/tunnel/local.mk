noinst_LTLIBRARIES += libtunnel.la
libtunnel_la_SOURCES =
libtunnel_la_LIBADD = $(GLIB_LIBS) $(GNUTLS_LIBS) $(QUIC_LIBS)
include $(top_srcdir)/src/tunnel/loop.mk
include $(top_srcdir)/src/tunnel/quic.mk
