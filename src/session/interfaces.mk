# The glue of the interfaces that plugins implement or use.
libsession_la_SOURCES += %D%/strategy.c %D%/attempt.c %D%/check-list.c %D%/forwarder.c
