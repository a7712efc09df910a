# Tests speak TAP. A program added to unit_tests runs in `make check`.

TEST_EXTENSIONS = .sh .py
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
PY_LOG_DRIVER = $(LOG_DRIVER)
PY_LOG_COMPILER = python3
AM_TESTS_ENVIRONMENT = export \
	G_TEST_SRCDIR=$(abs_top_srcdir)/tests G_TEST_BUILDDIR=$(abs_top_builddir)/tests \
	G_DEBUG=fatal-warnings G_SLICE=always-malloc \
	GSETTINGS_BACKEND=memory GSETTINGS_SCHEMA_DIR=$(abs_top_builddir)/data \
	STUNFWD_PLUGIN_PATH=$(abs_top_builddir) \
	LSAN_OPTIONS=suppressions=$(abs_top_srcdir)/tests/lsan.supp:print_suppressions=0 \
	ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 ;

include $(top_srcdir)/tests/unit/core/local.mk
include $(top_srcdir)/tests/unit/net/local.mk
include $(top_srcdir)/tests/unit/path/local.mk
include $(top_srcdir)/tests/unit/tunnel/local.mk
include $(top_srcdir)/tests/unit/meeting/local.mk
include $(top_srcdir)/tests/unit/session/local.mk
include $(top_srcdir)/tests/unit/manage/local.mk
include $(top_srcdir)/tests/unit/signald/local.mk
include $(top_srcdir)/tests/unit/strategies/local.mk
include $(top_srcdir)/tests/conformance/local.mk
include $(top_srcdir)/tests/fakes/local.mk
include $(top_srcdir)/tests/fuzz/local.mk
include $(top_srcdir)/tests/lab/local.mk
include $(top_srcdir)/tests/cli/local.mk
include $(top_srcdir)/tests/bench/local.mk

check_PROGRAMS += $(unit_tests)
TESTS = $(unit_tests) $(script_tests)
EXTRA_DIST += $(script_tests) tests/setup.sh tests/packages tests/lsan.supp .ci/run
