stunfwdincludedir = $(includedir)/stunfwd
stunfwdinclude_HEADERS = \
	%D%/stunfwd/attempt.h %D%/stunfwd/check-list.h %D%/stunfwd/endpoint.h \
	%D%/stunfwd/error.h %D%/stunfwd/event.h %D%/stunfwd/forwarder.h %D%/stunfwd/mapping.h \
	%D%/stunfwd/nat.h %D%/stunfwd/path.h %D%/stunfwd/plugin.h %D%/stunfwd/signaling.h \
	%D%/stunfwd/strategy.h %D%/stunfwd/stunfwd.h %D%/stunfwd/tunnel.h %D%/stunfwd/turn.h
