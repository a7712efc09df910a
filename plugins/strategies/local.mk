# What strategies share that ask a router for a port.
noinst_LTLIBRARIES += libport-mapper.la
libport_mapper_la_SOURCES = %D%/port-mapper.c %D%/port-mapper.h %D%/port-lease.c %D%/port-lease.h \
	%D%/port-failure.c %D%/port-failure.h %D%/port-pcp.c %D%/port-natpmp.c %D%/port-upnp.c \
	%D%/pcp-message.c %D%/pcp-message.h %D%/default-gateway.c %D%/default-gateway.h %D%/ssdp.c %D%/ssdp.h
libport_mapper_la_CFLAGS = $(AM_CFLAGS) $(UPNP_CFLAGS)
libport_mapper_la_LIBADD = $(UPNP_LIBS) $(NATPMP_LIBS)

# What the strategies that punch have in common.
noinst_LTLIBRARIES += libpunch.la
libpunch_la_SOURCES = \
	%D%/aim.c %D%/aim.h %D%/ends.c %D%/ends.h %D%/many-ports.c %D%/many-ports.h \
	%D%/own-sockets.c %D%/own-sockets.h %D%/run.c %D%/run.h

if PLUGIN_BIRTHDAY
plugin_LTLIBRARIES += birthday.la
birthday_la_SOURCES = %D%/birthday.c
birthday_la_LIBADD = libpunch.la libstunfwd.la $(GLIB_LIBS)
birthday_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_LAN
plugin_LTLIBRARIES += lan.la
lan_la_SOURCES = %D%/lan.c
lan_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
lan_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_PORTMAP
plugin_LTLIBRARIES += portmap.la
portmap_la_SOURCES = %D%/portmap.c
portmap_la_LIBADD = libport-mapper.la libstunfwd.la $(GLIB_LIBS)
portmap_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_PORT_PREDICTION
plugin_LTLIBRARIES += port-prediction.la
port_prediction_la_SOURCES = %D%/port-prediction.c
port_prediction_la_LIBADD = libpunch.la libstunfwd.la $(GLIB_LIBS)
port_prediction_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_RELAY
plugin_LTLIBRARIES += relay.la
relay_la_SOURCES = %D%/relay.c %D%/relay-upgrade.c %D%/relay-upgrade.h
relay_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
relay_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_TCP_PUNCH
plugin_LTLIBRARIES += tcp-punch.la
tcp_punch_la_SOURCES = %D%/tcp-punch.c %D%/tcp-side.c %D%/tcp-side.h %D%/tcp-knocker.c %D%/tcp-knocker.h \
	%D%/tcp-link.c %D%/tcp-link.h %D%/tcp-survey.c %D%/tcp-survey.h %D%/tcp-stun.c %D%/tcp-stun.h \
	%D%/tcp-message.c %D%/tcp-message.h %D%/tcp-socket.c %D%/tcp-socket.h %D%/tcp-source.c %D%/tcp-source.h
tcp_punch_la_LIBADD = libport-mapper.la libstunfwd.la $(GLIB_LIBS)
tcp_punch_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_TURN
plugin_LTLIBRARIES += turn.la
turn_la_SOURCES = %D%/turn.c %D%/turn-plan.c %D%/turn-plan.h
turn_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
turn_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_UDP_PUNCH
plugin_LTLIBRARIES += udp-punch.la
udp_punch_la_SOURCES = %D%/udp-punch.c
udp_punch_la_LIBADD = libpunch.la libstunfwd.la $(GLIB_LIBS)
udp_punch_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

EXTRA_DIST += \
	%D%/birthday.md %D%/lan.md %D%/port-prediction.md %D%/portmap.md %D%/relay.md \
	%D%/tcp-punch.md %D%/turn.md %D%/udp-punch.md
