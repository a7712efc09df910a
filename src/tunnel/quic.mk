libtunnel_la_SOURCES += %D%/identity.c %D%/identity.h
