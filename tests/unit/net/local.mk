
unit_tests += %D%/datagram-socket-unit
%C%_datagram_socket_unit_SOURCES = %D%/datagram-socket-unit.c
%C%_datagram_socket_unit_LDADD = libnet.la libcore.la $(GLIB_LIBS)
