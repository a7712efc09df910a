noinst_LTLIBRARIES += libmanage.la
libmanage_la_SOURCES = \
	%D%/control-client.c %D%/control-client.h %D%/control-service.c %D%/control-service.h \
	%D%/control-socket.c %D%/control-socket.h %D%/explain.c %D%/explain.h %D%/status.c %D%/status.h
nodist_libmanage_la_SOURCES = %D%/control-interface.c %D%/control-interface.h
libmanage_la_LIBADD = $(GLIB_LIBS) $(JSON_LIBS)

control_xml = $(top_srcdir)/data/org.stunfwd.Control1.xml
EXTRA_DIST += data/org.stunfwd.Control1.xml
BUILT_SOURCES += %D%/control-interface.c %D%/control-interface.h
CLEANFILES += %D%/control-interface.c %D%/control-interface.h

%D%/control-interface.h: $(control_xml)
	$(AM_V_GEN)$(MKDIR_P) %D% && $(GDBUS_CODEGEN) --interface-info-header --output $@ $(control_xml)
%D%/control-interface.c: $(control_xml)
	$(AM_V_GEN)$(MKDIR_P) %D% && $(GDBUS_CODEGEN) --interface-info-body --output $@ $(control_xml)
# BUILT_SOURCES helps `make all` and `make check` alone.
$(libmanage_la_OBJECTS): %D%/control-interface.h
