noinst_LTLIBRARIES += libnet.la
libnet_la_SOURCES = \
	%D%/endpoint.c \
	%D%/stun-digest.c %D%/stun-digest.h \
	%D%/stun-message.c %D%/stun-message.h \
	%D%/stun-writer.c
libnet_la_LIBADD = $(GLIB_LIBS) $(GNUTLS_LIBS)
libnet_la_SOURCES += %D%/datagram-socket.c %D%/datagram-socket.h
