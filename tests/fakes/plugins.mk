# What the tests of strategies and forwarders put behind the interfaces.
check_LTLIBRARIES += libfakes-plugins.la
libfakes_plugins_la_SOURCES = \
	%D%/fake-clock.c %D%/fake-clock.h %D%/fake-network.c %D%/fake-network.h \
	%D%/fake-attempt.c %D%/fake-attempt.h %D%/fake-socket.c %D%/fake-socket.h \
	%D%/fake-relay.c %D%/fake-relay.h \
	%D%/fake-channel.c %D%/fake-channel.h %D%/fake-tunnel.c %D%/fake-tunnel.h \
	%D%/fake-resolver.c %D%/fake-resolver.h
