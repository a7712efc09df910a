meeting_fuzz_libs = libmeeting.la libnet.la libcore.la $(GLIB_LIBS) $(JSON_LIBS) $(SODIUM_LIBS)

fuzz_targets += %D%/ticket-fuzz %D%/envelope-fuzz %D%/protocol-fuzz
%C%_ticket_fuzz_SOURCES = %D%/ticket-fuzz.c $(fuzz_driver)
%C%_ticket_fuzz_LDFLAGS = $(fuzz_flags)
%C%_ticket_fuzz_LDADD = $(meeting_fuzz_libs)
%C%_envelope_fuzz_SOURCES = %D%/envelope-fuzz.c $(fuzz_driver)
%C%_envelope_fuzz_LDFLAGS = $(fuzz_flags)
%C%_envelope_fuzz_LDADD = $(meeting_fuzz_libs)
%C%_protocol_fuzz_SOURCES = %D%/protocol-fuzz.c $(fuzz_driver)
%C%_protocol_fuzz_LDFLAGS = $(fuzz_flags)
%C%_protocol_fuzz_LDADD = $(meeting_fuzz_libs)
EXTRA_DIST += %D%/corpus/ticket %D%/corpus/envelope %D%/corpus/protocol
