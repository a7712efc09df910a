EXTRA_DIST += %D%/README.md %D%/results.md %D%/install.sh %D%/bench.py %D%/first-byte.py \
	%D%/forward.py %D%/peers.py %D%/testbed.py %D%/tools/pb.c %D%/node/datachannel.js \
	%D%/node/hs-preload.js %D%/node/hyper-boot.js %D%/node/hyper-tunnel.js %D%/node/iroh-tunnel.js

# Built by `make tests/bench/tunnel-bench`, not by `make all` or `make check`.
EXTRA_PROGRAMS = %D%/tunnel-bench
%C%_tunnel_bench_SOURCES = %D%/tunnel-bench.c
%C%_tunnel_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_tunnel_bench_LDADD = libtunnelpair.la libtunnel.la libpath.la libnet.la libcore.la \
	$(GLIB_LIBS) $(GNUTLS_LIBS)
