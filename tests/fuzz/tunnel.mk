fuzz_targets += tests/fuzz/check-fuzz
tests_fuzz_check_fuzz_SOURCES = tests/fuzz/check-fuzz.c $(fuzz_driver)
tests_fuzz_check_fuzz_LDFLAGS = $(fuzz_flags)
tests_fuzz_check_fuzz_LDADD = libtunnel.la libpath.la libnet.la libcore.la $(GLIB_LIBS) $(GNUTLS_LIBS)
EXTRA_DIST += tests/fuzz/corpus/check

fuzz_targets += tests/fuzz/channel-fuzz
tests_fuzz_channel_fuzz_SOURCES = tests/fuzz/channel-fuzz.c $(fuzz_driver)
tests_fuzz_channel_fuzz_LDFLAGS = $(fuzz_flags)
tests_fuzz_channel_fuzz_LDADD = libtunnel.la libpath.la libnet.la libcore.la $(GLIB_LIBS) $(GNUTLS_LIBS)
EXTRA_DIST += tests/fuzz/corpus/channel

fuzz_targets += tests/fuzz/frame-reader-fuzz
tests_fuzz_frame_reader_fuzz_SOURCES = tests/fuzz/frame-reader-fuzz.c $(fuzz_driver)
tests_fuzz_frame_reader_fuzz_LDFLAGS = $(fuzz_flags)
tests_fuzz_frame_reader_fuzz_LDADD = libpath.la libnet.la libcore.la $(GLIB_LIBS) $(GNUTLS_LIBS)
EXTRA_DIST += tests/fuzz/corpus/frame-reader
