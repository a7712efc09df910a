noinst_LTLIBRARIES += libnet.la
libnet_la_SOURCES = \
	%D%/candidates.c %D%/candidates.h \
	%D%/endpoint.c \
	%D%/ipv6-flags.c %D%/ipv6-flags.h \
	%D%/nat.c \
	%D%/nat-discovery.c %D%/nat-discovery.h \
	%D%/nat-observation.c %D%/nat-observation.h \
	%D%/stun-client.c %D%/stun-client.h \
	%D%/stun-digest.c %D%/stun-digest.h \
	%D%/stun-message.c %D%/stun-message.h \
	%D%/stun-writer.c \
	%D%/turn-client.c %D%/turn-client.h \
	%D%/turn-message.c %D%/turn-message.h \
	%D%/turn-server.c \
	%D%/turn-uri.c %D%/turn-uri.h
libnet_la_LIBADD = $(GLIB_LIBS) $(GNUTLS_LIBS)
libnet_la_SOURCES += %D%/datagram-socket.c %D%/datagram-socket.h
libnet_la_SOURCES += %D%/link-monitor.c %D%/link-monitor.h
libnet_la_SOURCES += %D%/nat-lifetime.c %D%/nat-lifetime.h
libnet_la_SOURCES += %D%/websocket-frame.c %D%/websocket-frame.h
libnet_la_SOURCES += %D%/stun-binding.c %D%/stun-binding.h
libnet_la_SOURCES += %D%/stream-socket.c %D%/stream-socket.h
libnet_la_SOURCES += %D%/nat-sockets.c %D%/nat-sockets.h
libnet_la_SOURCES += %D%/nat-survey.c %D%/nat-survey.h
libnet_la_SOURCES += %D%/nat-unknown.c %D%/nat-unknown.h
libnet_la_SOURCES += %D%/network-state.c %D%/network-state.h
libnet_la_SOURCES += %D%/port-allocation.c %D%/port-allocation.h
libnet_la_SOURCES += %D%/stun-stream.c %D%/stun-stream.h
