# One program for each signaling plugin: the suite and how its server is run.
conformance_signaling = %D%/signaling-conformance.c %D%/signaling-under-test.h
conformance_signald = %D%/signald-process.c %D%/signald-process.h

if PLUGIN_WEBSOCKET
unit_tests += %D%/signaling-websocket-conformance
%C%_signaling_websocket_conformance_SOURCES = $(conformance_signaling) $(conformance_signald) \
	%D%/signaling-websocket.c
%C%_signaling_websocket_conformance_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS)
%C%_signaling_websocket_conformance_LDADD = libstunfwd.la $(SOUP_LIBS) $(GLIB_LIBS)
EXTRA_%C%_signaling_websocket_conformance_DEPENDENCIES = stunfwd-signald websocket.la
endif
