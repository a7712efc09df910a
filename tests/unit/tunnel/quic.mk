unit_tests += %D%/identity-unit
%C%_identity_unit_SOURCES = %D%/identity-unit.c
%C%_identity_unit_LDADD = libtunnel.la libpath.la libnet.la libcore.la $(GLIB_LIBS) $(GNUTLS_LIBS)
