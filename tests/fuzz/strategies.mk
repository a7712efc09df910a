fuzz_targets += %D%/aim-fuzz
%C%_aim_fuzz_SOURCES = %D%/aim-fuzz.c $(fuzz_driver)
%C%_aim_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/plugins/strategies
%C%_aim_fuzz_LDFLAGS = $(fuzz_flags)
%C%_aim_fuzz_LDADD = libpunch.la libstunfwd.la $(GLIB_LIBS) $(JSON_LIBS)
EXTRA_DIST += %D%/corpus/aim

fuzz_targets += %D%/pcp-fuzz
%C%_pcp_fuzz_SOURCES = %D%/pcp-fuzz.c $(fuzz_driver)
%C%_pcp_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/plugins/strategies
%C%_pcp_fuzz_LDFLAGS = $(fuzz_flags)
%C%_pcp_fuzz_LDADD = libport-mapper.la libstunfwd.la $(GLIB_LIBS)
EXTRA_DIST += %D%/corpus/pcp

fuzz_targets += %D%/ssdp-fuzz
%C%_ssdp_fuzz_SOURCES = %D%/ssdp-fuzz.c $(fuzz_driver)
%C%_ssdp_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/plugins/strategies
%C%_ssdp_fuzz_LDFLAGS = $(fuzz_flags)
%C%_ssdp_fuzz_LDADD = libport-mapper.la libstunfwd.la $(GLIB_LIBS)
EXTRA_DIST += %D%/corpus/ssdp

fuzz_targets += %D%/tcp-punch-fuzz
%C%_tcp_punch_fuzz_SOURCES = %D%/tcp-punch-fuzz.c plugins/strategies/tcp-message.c plugins/strategies/tcp-stun.c \
	$(fuzz_driver)
%C%_tcp_punch_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/plugins/strategies
%C%_tcp_punch_fuzz_LDFLAGS = $(fuzz_flags)
%C%_tcp_punch_fuzz_LDADD = libstunfwd.la $(GLIB_LIBS)
EXTRA_DIST += %D%/corpus/tcp-punch
