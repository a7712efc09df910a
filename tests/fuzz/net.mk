fuzz_targets += %D%/stun-message-fuzz
%C%_stun_message_fuzz_SOURCES = %D%/stun-message-fuzz.c $(fuzz_driver)
%C%_stun_message_fuzz_LDFLAGS = $(fuzz_flags)
%C%_stun_message_fuzz_LDADD = libnet.la libcore.la $(GLIB_LIBS) $(GNUTLS_LIBS)
EXTRA_DIST += %D%/corpus/stun-message

fuzz_targets += %D%/stun-client-fuzz
%C%_stun_client_fuzz_SOURCES = %D%/stun-client-fuzz.c $(fuzz_driver)
%C%_stun_client_fuzz_LDFLAGS = $(fuzz_flags)
%C%_stun_client_fuzz_LDADD = libnet.la libcore.la $(GLIB_LIBS) $(GNUTLS_LIBS)
EXTRA_DIST += %D%/corpus/stun-client

fuzz_targets += %D%/turn-client-fuzz
%C%_turn_client_fuzz_SOURCES = %D%/turn-client-fuzz.c $(fuzz_driver)
%C%_turn_client_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_turn_client_fuzz_LDFLAGS = $(fuzz_flags)
%C%_turn_client_fuzz_LDADD = libfaketurn.la libnet.la libcore.la $(GLIB_LIBS) $(GNUTLS_LIBS)
EXTRA_DIST += %D%/corpus/turn-client
