if PLUGIN_LAN
plugin_LTLIBRARIES += lan.la
lan_la_SOURCES = %D%/lan.c
lan_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
lan_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_UDP_PUNCH
plugin_LTLIBRARIES += udp-punch.la
udp_punch_la_SOURCES = %D%/udp-punch.c
udp_punch_la_LIBADD = libpunch.la libstunfwd.la $(GLIB_LIBS)
udp_punch_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

# What the strategies that punch have in common.
noinst_LTLIBRARIES += libpunch.la
libpunch_la_SOURCES = \
	%D%/aim.c %D%/aim.h %D%/ends.c %D%/ends.h %D%/own-sockets.c %D%/own-sockets.h \
	%D%/run.c %D%/run.h

if PLUGIN_PORT_PREDICTION
plugin_LTLIBRARIES += port-prediction.la
port_prediction_la_SOURCES = %D%/port-prediction.c
port_prediction_la_LIBADD = libpunch.la libstunfwd.la $(GLIB_LIBS)
port_prediction_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

if PLUGIN_BIRTHDAY
plugin_LTLIBRARIES += birthday.la
birthday_la_SOURCES = %D%/birthday.c
birthday_la_LIBADD = libpunch.la libstunfwd.la $(GLIB_LIBS)
birthday_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
endif

EXTRA_DIST += %D%/birthday.md %D%/lan.md %D%/port-prediction.md %D%/udp-punch.md
