fuzz_targets += %D%/aim-fuzz
%C%_aim_fuzz_SOURCES = %D%/aim-fuzz.c $(fuzz_driver)
%C%_aim_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/plugins/strategies
%C%_aim_fuzz_LDFLAGS = $(fuzz_flags)
%C%_aim_fuzz_LDADD = libpunch.la libstunfwd.la $(GLIB_LIBS) $(JSON_LIBS)
EXTRA_DIST += %D%/corpus/aim
