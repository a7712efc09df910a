# Built by `make tests/bench/tunnel-bench`, not by `make all` or `make check`.
EXTRA_PROGRAMS = %D%/tunnel-bench
%C%_tunnel_bench_SOURCES = %D%/tunnel-bench.c
%C%_tunnel_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_tunnel_bench_LDADD = libtunnelpair.la libtunnel.la libpath.la libnet.la libcore.la \
	$(GLIB_LIBS) $(GNUTLS_LIBS)
