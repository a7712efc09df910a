libtunnel_la_SOURCES += %D%/identity.c %D%/identity.h
libtunnel_la_LIBADD += $(IPSEC_MB_LIBS)
if HAVE_IPSEC_MB
libtunnel_la_SOURCES += %D%/packet-protection.c %D%/packet-protection.h
endif
libtunnel_la_SOURCES += %D%/quic-tls.c %D%/quic-tls.h
libtunnel_la_SOURCES += %D%/quic-connection.c %D%/quic-connection.h
libtunnel_la_SOURCES += %D%/quic-writer.c %D%/quic-writer.h
libtunnel_la_SOURCES += %D%/chunk.c %D%/chunk.h
libtunnel_la_SOURCES += %D%/scheduler.c %D%/scheduler.h
libtunnel_la_SOURCES += %D%/stream.c %D%/stream.h
libtunnel_la_SOURCES += %D%/pump.c %D%/pump.h
libtunnel_la_SOURCES += %D%/datagram-queue.c %D%/datagram-queue.h
libtunnel_la_SOURCES += %D%/datagram-reader.c %D%/datagram-reader.h
libtunnel_la_SOURCES += %D%/datagram-run.c %D%/datagram-run.h
libtunnel_la_SOURCES += %D%/flow.c %D%/flow.h
libtunnel_la_SOURCES += %D%/varint.c %D%/varint.h
libtunnel_la_SOURCES += %D%/flight-limit.c %D%/flight-limit.h
libtunnel_la_SOURCES += %D%/path-mtu.c %D%/path-mtu.h
libtunnel_la_SOURCES += %D%/held-initial.c %D%/held-initial.h
libtunnel_la_SOURCES += %D%/tunnel-end.c %D%/tunnel-end.h
libtunnel_la_SOURCES += %D%/channel.c %D%/channel.h
libtunnel_la_SOURCES += %D%/quic-callbacks.c %D%/tunnel-message.c %D%/tunnel.c
libtunnel_la_SOURCES += %D%/quic-tunnel.c %D%/quic-tunnel.h
libtunnel_la_LIBADD += $(JSON_LIBS)
