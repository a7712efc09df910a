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
