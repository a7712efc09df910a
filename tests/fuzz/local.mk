# A fuzz target is NAME-fuzz.c with LLVMFuzzerTestOneInput and seeds in corpus/NAME/. In
# `make check` it replays its seeds; with --enable-fuzzing (and CC=clang) libFuzzer drives it.
# In its room's fragment:
#   fuzz_targets += tests/fuzz/NAME-fuzz
#   tests_fuzz_NAME_fuzz_SOURCES = tests/fuzz/NAME-fuzz.c $(fuzz_driver)
#   tests_fuzz_NAME_fuzz_LDFLAGS = $(fuzz_flags)
#   tests_fuzz_NAME_fuzz_LDADD = ... $(GLIB_LIBS)
#   EXTRA_DIST += tests/fuzz/corpus/NAME

fuzz_targets =

if FUZZING
AM_CFLAGS += -fsanitize=fuzzer-no-link
fuzz_driver =
fuzz_flags = $(AM_LDFLAGS) -fsanitize=fuzzer
check_PROGRAMS += $(fuzz_targets)
else
fuzz_driver = tests/fuzz/replay.c
fuzz_flags = $(AM_LDFLAGS)
unit_tests += $(fuzz_targets)
endif

include $(top_srcdir)/tests/fuzz/core.mk
include $(top_srcdir)/tests/fuzz/net.mk
include $(top_srcdir)/tests/fuzz/meeting.mk
include $(top_srcdir)/tests/fuzz/signald.mk
include $(top_srcdir)/tests/fuzz/tunnel.mk
include $(top_srcdir)/tests/fuzz/strategies.mk
