# One suite for the interface FwdStrategy, built once for each plugin.
strategy_conformance_libs = libfakes-plugins.la libstunfwd.la $(GLIB_LIBS)

if PLUGIN_BIRTHDAY
unit_tests += %D%/strategy-birthday
%C%_strategy_birthday_SOURCES = %D%/strategy-conformance.c %D%/strategy-scene.c %D%/strategy-scene.h \
	%D%/strategy-birthday.c
%C%_strategy_birthday_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -DSTRATEGY='"birthday"'
%C%_strategy_birthday_LDADD = $(strategy_conformance_libs)
endif

if PLUGIN_LAN
unit_tests += %D%/strategy-lan
%C%_strategy_lan_SOURCES = %D%/strategy-conformance.c %D%/strategy-scene.c %D%/strategy-scene.h \
	%D%/strategy-lan.c
%C%_strategy_lan_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -DSTRATEGY='"lan"'
%C%_strategy_lan_LDADD = $(strategy_conformance_libs)
endif

if PLUGIN_PORT_PREDICTION
unit_tests += %D%/strategy-port-prediction
%C%_strategy_port_prediction_SOURCES = %D%/strategy-conformance.c %D%/strategy-scene.c %D%/strategy-scene.h \
	%D%/strategy-port-prediction.c
%C%_strategy_port_prediction_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -DSTRATEGY='"port-prediction"'
%C%_strategy_port_prediction_LDADD = $(strategy_conformance_libs)
endif

if PLUGIN_PORTMAP
unit_tests += %D%/strategy-portmap
%C%_strategy_portmap_SOURCES = %D%/strategy-conformance.c %D%/strategy-scene.c %D%/strategy-scene.h \
	%D%/strategy-portmap.c tests/fakes/fake-port-mapper.c tests/fakes/fake-port-mapper.h
%C%_strategy_portmap_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -DSTRATEGY='"portmap"'
%C%_strategy_portmap_LDADD = $(strategy_conformance_libs)
endif

if PLUGIN_RELAY
unit_tests += %D%/strategy-relay
%C%_strategy_relay_SOURCES = %D%/strategy-relay.c %D%/signald-process.c %D%/signald-process.h
%C%_strategy_relay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_strategy_relay_LDADD = $(strategy_conformance_libs)
EXTRA_%C%_strategy_relay_DEPENDENCIES = stunfwd-signald
endif

if PLUGIN_TCP_PUNCH
unit_tests += %D%/strategy-tcp-punch
%C%_strategy_tcp_punch_SOURCES = %D%/strategy-scene.c %D%/strategy-scene.h %D%/strategy-tcp-punch.c
%C%_strategy_tcp_punch_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -DSTRATEGY='"tcp-punch"'
%C%_strategy_tcp_punch_LDADD = $(strategy_conformance_libs)
endif

# It needs a server with sockets, so it has a scene of its own.
if PLUGIN_TURN
unit_tests += %D%/strategy-turn
%C%_strategy_turn_SOURCES = %D%/strategy-turn.c
%C%_strategy_turn_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_strategy_turn_LDADD = libfaketurn.la $(strategy_conformance_libs)
endif

if PLUGIN_UDP_PUNCH
unit_tests += %D%/strategy-udp-punch
%C%_strategy_udp_punch_SOURCES = %D%/strategy-conformance.c %D%/strategy-scene.c %D%/strategy-scene.h \
	%D%/strategy-udp-punch.c
%C%_strategy_udp_punch_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -DSTRATEGY='"udp-punch"'
%C%_strategy_udp_punch_LDADD = $(strategy_conformance_libs)
endif
