# The units name the folder of the programs; they are installed where configure was told.
systemd_units = %D%/stunfwd@.service %D%/stunfwd-signald.service
if SYSTEMD_UNITS
systemdsystemunit_DATA = $(systemd_units)
endif
CLEANFILES += $(systemd_units)
EXTRA_DIST += %D%/stunfwd@.service.in %D%/stunfwd-signald.service.in

%D%/stunfwd@.service: %D%/stunfwd@.service.in
	$(AM_V_GEN)$(MKDIR_P) %D% && $(SED) 's|@''bindir@|$(bindir)|' $< >$@

%D%/stunfwd-signald.service: %D%/stunfwd-signald.service.in
	$(AM_V_GEN)$(MKDIR_P) %D% && $(SED) 's|@''bindir@|$(bindir)|' $< >$@
