# A line "include" of this file in local.mk adds them to the fuzz targets.
fuzz_targets += %D%/ticket-fuzz %D%/envelope-fuzz %D%/protocol-fuzz
%C%_ticket_fuzz_SOURCES = %D%/ticket-fuzz.c
%C%_envelope_fuzz_SOURCES = %D%/envelope-fuzz.c
%C%_protocol_fuzz_SOURCES = %D%/protocol-fuzz.c
