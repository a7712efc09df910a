# Modules for the tests of the plugin registry; -rpath makes libtool build shared ones.
TEST_MODULE_LINK_FLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere

test_modules = \
	%D%/good.la %D%/better.la %D%/same-name.la %D%/same-id.la \
	%D%/bad-id.la %D%/failing.la %D%/silent.la %D%/other-major.la \
	%D%/higher-minor.la %D%/no-symbol.la %D%/function-symbol.la %D%/small-symbol.la \
	%D%/nameless.la %D%/unresolved.la
check_LTLIBRARIES += $(test_modules)

%C%_good_la_SOURCES = %D%/test-module.c
%C%_good_la_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_NAME='"good"' -DTEST_PRIORITY=5
%C%_good_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
%C%_good_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_better_la_SOURCES = %D%/test-module.c
%C%_better_la_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_NAME='"better"' -DTEST_PRIORITY=9
%C%_better_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
%C%_better_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_same_name_la_SOURCES = %D%/test-module.c
%C%_same_name_la_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_NAME='"good"'
%C%_same_name_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
%C%_same_name_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_same_id_la_SOURCES = %D%/test-module.c
%C%_same_id_la_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_NAME='"same-id"' -DTEST_ID='"good"'
%C%_same_id_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
%C%_same_id_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_bad_id_la_SOURCES = %D%/test-module.c
%C%_bad_id_la_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_NAME='"bad-id"' -DTEST_ID='"Bad_Id"'
%C%_bad_id_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
%C%_bad_id_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_failing_la_SOURCES = %D%/test-module.c
%C%_failing_la_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_NAME='"failing"' -DTEST_ERROR='"no radio here"' -DTEST_RETURN=FALSE
%C%_failing_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
%C%_failing_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_silent_la_SOURCES = %D%/test-module.c
%C%_silent_la_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_NAME='"silent"' -DTEST_RETURN=FALSE
%C%_silent_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
%C%_silent_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_other_major_la_SOURCES = %D%/test-module.c
%C%_other_major_la_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_NAME='"other-major"' -DTEST_ABI_MAJOR=2
%C%_other_major_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
%C%_other_major_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_higher_minor_la_SOURCES = %D%/test-module.c
%C%_higher_minor_la_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_NAME='"higher-minor"' -DTEST_ABI_MINOR=999
%C%_higher_minor_la_LIBADD = libstunfwd.la $(GLIB_LIBS)
%C%_higher_minor_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_no_symbol_la_SOURCES = %D%/odd-module.c
%C%_no_symbol_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_function_symbol_la_SOURCES = %D%/odd-module.c
%C%_function_symbol_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD_FUNCTION
%C%_function_symbol_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_small_symbol_la_SOURCES = %D%/odd-module.c
%C%_small_symbol_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD_SMALL
%C%_small_symbol_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_nameless_la_SOURCES = %D%/odd-module.c
%C%_nameless_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD_NAMELESS
%C%_nameless_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)
%C%_unresolved_la_SOURCES = %D%/odd-module.c
%C%_unresolved_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD_UNRESOLVED
%C%_unresolved_la_LDFLAGS = $(TEST_MODULE_LINK_FLAGS)

include $(top_srcdir)/tests/fakes/net.mk
include $(top_srcdir)/tests/fakes/path.mk
include $(top_srcdir)/tests/fakes/plugins.mk
include $(top_srcdir)/tests/fakes/session.mk
include $(top_srcdir)/tests/fakes/signaling.mk
include $(top_srcdir)/tests/fakes/tunnel.mk
