bin_PROGRAMS += stunfwd
stunfwd_SOURCES = \
	%D%/client.c %D%/command.h %D%/ctl.c %D%/explain.c %D%/host.c %D%/host.h %D%/json.c %D%/json.h \
	%D%/main.c %D%/nat.c %D%/options.c %D%/options.h %D%/plugins.c %D%/profiles.c \
	%D%/profiles.h %D%/run.c %D%/server.c
stunfwd_LDADD = libstunfwd.la $(GLIB_LIBS) $(JSON_LIBS) $(SODIUM_LIBS)
