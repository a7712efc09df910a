noinst_LTLIBRARIES += libcore.la
libcore_la_SOURCES = \
	%D%/application.c %D%/application.h \
	%D%/component.c \
	%D%/error.c \
	%D%/event.c \
	%D%/event-bus.c \
	%D%/log.c %D%/log.h \
	%D%/log-line.c %D%/log-line.h \
	%D%/mapping.c %D%/mapping-parts.h \
	%D%/mapping-parser.c \
	%D%/module.c %D%/module.h \
	%D%/module-file.c %D%/module-file.h \
	%D%/plugin-registry.c %D%/plugin-registry.h \
	%D%/profile.c \
	%D%/read-file.c %D%/read-file.h \
	%D%/settings.c %D%/settings.h \
	%D%/settings-reader.c %D%/settings-reader.h \
	%D%/settings-save.c \
	%D%/settings-schema.c %D%/settings-schema.h \
	%D%/settings-validate.c \
	%D%/settling.c %D%/settling.h \
	%D%/spelling.c %D%/spelling.h \
	%D%/traffic.c \
	%D%/trust.c %D%/trust.h
libcore_la_LIBADD = $(GLIB_LIBS) $(LTDL_LIBS)
