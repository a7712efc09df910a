if PLUGIN_LAN
plugin_LTLIBRARIES += lan.la
lan_la_SOURCES = %D%/lan.c
lan_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
lan_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_UDP_PUNCH
plugin_LTLIBRARIES += udp-punch.la
udp_punch_la_SOURCES = %D%/udp-punch.c
udp_punch_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
udp_punch_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_TURN
plugin_LTLIBRARIES += turn.la
turn_la_SOURCES = %D%/turn.c
turn_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
turn_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

EXTRA_DIST += %D%/turn.md
EXTRA_DIST += %D%/lan.md %D%/udp-punch.md
