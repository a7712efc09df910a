fuzz_targets += %D%/mapping-fuzz
%C%_mapping_fuzz_SOURCES = %D%/mapping-fuzz.c $(fuzz_driver)
%C%_mapping_fuzz_LDFLAGS = $(fuzz_flags)
%C%_mapping_fuzz_LDADD = libcore.la $(GLIB_LIBS)
EXTRA_DIST += %D%/corpus/mapping

fuzz_targets += %D%/settings-fuzz
%C%_settings_fuzz_SOURCES = %D%/settings-fuzz.c $(fuzz_driver)
%C%_settings_fuzz_LDFLAGS = $(fuzz_flags)
%C%_settings_fuzz_LDADD = libcore.la $(GLIB_LIBS)
EXTRA_DIST += %D%/corpus/settings
