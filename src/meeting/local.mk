noinst_LTLIBRARIES += libmeeting.la
libmeeting_la_SOURCES = \
	%D%/base64url.c %D%/base64url.h %D%/envelope.c %D%/envelope.h %D%/hkdf.c %D%/hkdf.h %D%/host-port.c %D%/host-port.h \
	%D%/json-check.c %D%/json-check.h %D%/json-reader.c %D%/json-reader.h \
	%D%/keys.c %D%/keys.h %D%/passphrase.c %D%/passphrase.h \
	%D%/protocol.c %D%/protocol.h %D%/protocol-decode.c %D%/protocol-encode.c \
	%D%/protocol-nat.c %D%/protocol-nat.h %D%/protocol-private.h \
	%D%/protocol-story.c %D%/protocol-story.h %D%/signaling.c %D%/story.c %D%/story.h \
	%D%/ticket.c %D%/ticket.h %D%/ticket-file.c
libmeeting_la_LIBADD = $(GLIB_LIBS) $(JSON_LIBS) $(SODIUM_LIBS)
