noinst_LTLIBRARIES += libnet.la
libnet_la_SOURCES =
libnet_la_LIBADD = $(GLIB_LIBS) $(GNUTLS_LIBS)
libnet_la_SOURCES += %D%/datagram-socket.c %D%/datagram-socket.h
