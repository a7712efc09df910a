# One suite for the interface FwdForwarder, built once for each plugin.
forwarder_conformance_libs = libfakes-plugins.la libstunfwd.la $(GLIB_LIBS)
forwarder_conformance = %D%/forwarder-conformance.c %D%/forwarder-scene.c %D%/forwarder-scene.h

if PLUGIN_TCP
unit_tests += %D%/forwarder-tcp
%C%_forwarder_tcp_SOURCES = $(forwarder_conformance) %D%/forwarder-tcp.c
%C%_forwarder_tcp_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -DFORWARDER='"tcp"' -DSOCKET_TYPE=SOCK_STREAM
%C%_forwarder_tcp_LDADD = $(forwarder_conformance_libs)
endif

if PLUGIN_UDP
unit_tests += %D%/forwarder-udp
%C%_forwarder_udp_SOURCES = $(forwarder_conformance) %D%/forwarder-udp.c
%C%_forwarder_udp_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -DFORWARDER='"udp"' -DSOCKET_TYPE=SOCK_DGRAM
%C%_forwarder_udp_LDADD = $(forwarder_conformance_libs)
endif
