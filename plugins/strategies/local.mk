if PLUGIN_LAN
plugin_LTLIBRARIES += lan.la
lan_la_SOURCES = %D%/lan.c
lan_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
lan_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

# What strategies share that ask a router for a port.
noinst_LTLIBRARIES += libport-mapper.la
libport_mapper_la_SOURCES = %D%/port-mapper.c %D%/port-mapper.h %D%/port-lease.c %D%/port-lease.h \
	%D%/port-failure.c %D%/port-failure.h %D%/port-pcp.c %D%/port-natpmp.c %D%/port-upnp.c \
	%D%/pcp-message.c %D%/pcp-message.h %D%/default-gateway.c %D%/default-gateway.h
libport_mapper_la_CFLAGS = $(AM_CFLAGS) $(UPNP_CFLAGS)
libport_mapper_la_LIBADD = $(UPNP_LIBS) $(NATPMP_LIBS)

if PLUGIN_PORTMAP
plugin_LTLIBRARIES += portmap.la
portmap_la_SOURCES = %D%/portmap.c
portmap_la_LIBADD = libport-mapper.la libstunfwd.la $(GLIB_LIBS)
portmap_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_UDP_PUNCH
plugin_LTLIBRARIES += udp-punch.la
udp_punch_la_SOURCES = %D%/udp-punch.c
udp_punch_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
udp_punch_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_RELAY
plugin_LTLIBRARIES += relay.la
relay_la_SOURCES = %D%/relay.c %D%/relay-upgrade.c %D%/relay-upgrade.h
relay_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
relay_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

EXTRA_DIST += %D%/lan.md %D%/portmap.md %D%/relay.md %D%/udp-punch.md
