unit_tests += \
	%D%/envelope-unit %D%/hkdf-unit %D%/host-port-unit %D%/keys-unit \
	%D%/protocol-story-unit %D%/protocol-unit %D%/signaling-unit %D%/story-unit \
	%D%/ticket-unit

meeting_test_libraries = libmeeting.la libnet.la libcore.la $(GLIB_LIBS) $(SODIUM_LIBS)

%C%_envelope_unit_SOURCES = %D%/envelope-unit.c
%C%_envelope_unit_LDADD = $(meeting_test_libraries)
%C%_hkdf_unit_SOURCES = %D%/hkdf-unit.c
%C%_hkdf_unit_LDADD = $(meeting_test_libraries)
%C%_host_port_unit_SOURCES = %D%/host-port-unit.c
%C%_host_port_unit_LDADD = $(meeting_test_libraries)
%C%_keys_unit_SOURCES = %D%/keys-unit.c
%C%_keys_unit_LDADD = $(meeting_test_libraries)
%C%_protocol_unit_SOURCES = %D%/protocol-unit.c
%C%_protocol_unit_LDADD = $(meeting_test_libraries)
%C%_protocol_story_unit_SOURCES = %D%/protocol-story-unit.c
%C%_protocol_story_unit_LDADD = $(meeting_test_libraries)
%C%_signaling_unit_SOURCES = %D%/signaling-unit.c
%C%_signaling_unit_LDADD = $(meeting_test_libraries)
%C%_story_unit_SOURCES = %D%/story-unit.c
%C%_story_unit_LDADD = $(meeting_test_libraries)
%C%_ticket_unit_SOURCES = %D%/ticket-unit.c
%C%_ticket_unit_LDADD = $(meeting_test_libraries)
