# What forwarders over IP sockets share.
forwarder_common = %D%/sockets.c %D%/sockets.h %D%/target.c %D%/target.h %D%/dialer.c %D%/dialer.h

if PLUGIN_TCP
plugin_LTLIBRARIES += tcp.la
tcp_la_SOURCES = %D%/tcp.c $(forwarder_common)
tcp_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
tcp_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_UDP
plugin_LTLIBRARIES += udp.la
udp_la_SOURCES = %D%/udp.c $(forwarder_common)
udp_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
udp_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif
