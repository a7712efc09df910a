# What the tests of sessions put behind the interfaces.
check_LTLIBRARIES += libfakes-session.la
libfakes_session_la_SOURCES = \
	%D%/fake-forwarder.c %D%/fake-forwarder.h %D%/log-capture.c %D%/log-capture.h %D%/wait-for.h
libfakes_session_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
