# The messages are shared with signaling/signald.
noinst_LTLIBRARIES += libroommessage.la
libroommessage_la_SOURCES = %D%/room-message.c %D%/room-message.h
libroommessage_la_LIBADD = $(GLIB_LIBS) $(JSON_LIBS)

if PLUGIN_WEBSOCKET
plugin_LTLIBRARIES += websocket.la
websocket_la_SOURCES = %D%/websocket.c %D%/websocket-backoff.c %D%/websocket-backoff.h \
	%D%/websocket-link.c %D%/websocket-link.h
websocket_la_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS)
websocket_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
websocket_la_LIBADD = libroommessage.la libstunfwd.la $(SOUP_LIBS) $(JSON_LIBS) $(GLIB_LIBS)
endif
