# One suite for the interface FwdStrategy, built once for each plugin.
strategy_conformance_libs = libfakes-plugins.la libstunfwd.la $(GLIB_LIBS)

if PLUGIN_LAN
unit_tests += %D%/strategy-lan
%C%_strategy_lan_SOURCES = %D%/strategy-conformance.c %D%/strategy-scene.c %D%/strategy-scene.h %D%/strategy-lan.c
%C%_strategy_lan_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -DSTRATEGY='"lan"'
%C%_strategy_lan_LDADD = $(strategy_conformance_libs)
endif

if PLUGIN_UDP_PUNCH
unit_tests += %D%/strategy-udp-punch
%C%_strategy_udp_punch_SOURCES = %D%/strategy-conformance.c %D%/strategy-scene.c %D%/strategy-scene.h %D%/strategy-udp-punch.c
%C%_strategy_udp_punch_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -DSTRATEGY='"udp-punch"'
%C%_strategy_udp_punch_LDADD = $(strategy_conformance_libs)
endif

# Real TCP has a clock and a network of its own.
if PLUGIN_TCP_PUNCH
unit_tests += %D%/strategy-tcp-punch
%C%_strategy_tcp_punch_SOURCES = %D%/strategy-scene.c %D%/strategy-scene.h %D%/strategy-tcp-punch.c
%C%_strategy_tcp_punch_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -DSTRATEGY='"tcp-punch"'
%C%_strategy_tcp_punch_LDADD = $(strategy_conformance_libs)
endif
