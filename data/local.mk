pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = %D%/stunfwd.pc

gsettings_SCHEMAS += %D%/org.stunfwd.gschema.xml
EXTRA_DIST += %D%/org.stunfwd.gschema.xml

# Compiled in the build tree as well, for tests and for running without installing.
noinst_DATA = %D%/gschemas.compiled
CLEANFILES += %D%/gschemas.compiled
%D%/gschemas.compiled: %D%/org.stunfwd.gschema.xml
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	$(GLIB_COMPILE_SCHEMAS) --strict --targetdir=%D% $(top_srcdir)/%D%

@GSETTINGS_RULES@
