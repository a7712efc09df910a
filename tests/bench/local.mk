EXTRA_DIST += \
	%D%/README.md %D%/results.md %D%/install.sh %D%/bed.py %D%/bench.py %D%/first-byte.py \
	%D%/forwarding.py %D%/goals.py %D%/held.py %D%/items.py %D%/other_forwards.py \
	%D%/other_tunnels.py %D%/peers.py %D%/plot.py %D%/report.py %D%/results.py %D%/settings.py \
	%D%/test_bench.py %D%/usage.py %D%/wan.py %D%/tools/pb.c %D%/tools/pb.h %D%/tools/pb-bulk.c \
	%D%/tools/pb-echo.c %D%/tools/pb-server.c %D%/tools/pb-udp.c %D%/node/datachannel.js \
	%D%/node/hs-preload.js %D%/node/hyper-boot.js %D%/node/hyper-tunnel.js %D%/node/iroh-tunnel.js

# Built by `make tests/bench/tunnel-bench`, not by `make all` or `make check`.
EXTRA_PROGRAMS = %D%/tunnel-bench
%C%_tunnel_bench_SOURCES = %D%/tunnel-bench.c
%C%_tunnel_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_tunnel_bench_LDADD = libtunnelpair.la libtunnel.la libpath.la libnet.la libcore.la \
	$(GLIB_LIBS) $(GNUTLS_LIBS)
