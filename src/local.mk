# The library is made of its rooms; each is a convenience library that unit tests can link alone.

lib_LTLIBRARIES += libstunfwd.la
libstunfwd_la_SOURCES =
libstunfwd_la_LIBADD =
libstunfwd_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined \
	-Wl,--version-script=$(top_srcdir)/src/libstunfwd.map
EXTRA_DIST += src/libstunfwd.map
nodist_EXTRA_libstunfwd_la_SOURCES = link-as.c

include $(top_srcdir)/src/core/local.mk
include $(top_srcdir)/src/net/local.mk
include $(top_srcdir)/src/path/local.mk
include $(top_srcdir)/src/tunnel/local.mk
include $(top_srcdir)/src/meeting/local.mk
include $(top_srcdir)/src/session/local.mk
include $(top_srcdir)/src/manage/local.mk
include $(top_srcdir)/src/cli/local.mk

# The order is that of the arrows: a room uses those after it.
libstunfwd_la_LIBADD += libmanage.la libsession.la libmeeting.la libtunnel.la libpath.la libnet.la libcore.la
