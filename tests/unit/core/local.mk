unit_tests += \
	%D%/application-unit %D%/error-unit %D%/event-unit %D%/event-bus-unit %D%/log-unit \
	%D%/log-line-unit %D%/mapping-unit %D%/module-unit %D%/module-file-unit %D%/plugin-registry-unit \
	%D%/profile-unit %D%/read-file-unit %D%/settings-unit %D%/settings-save-unit \
	%D%/settings-validate-unit %D%/settling-unit %D%/spelling-unit %D%/traffic-unit

core_test_libraries = libcore.la $(GLIB_LIBS)

%C%_application_unit_SOURCES = %D%/application-unit.c
%C%_application_unit_LDADD = $(core_test_libraries)
%C%_module_file_unit_SOURCES = %D%/module-file-unit.c
%C%_module_file_unit_LDADD = $(core_test_libraries)
%C%_error_unit_SOURCES = %D%/error-unit.c
%C%_error_unit_LDADD = $(core_test_libraries)
%C%_event_unit_SOURCES = %D%/event-unit.c
%C%_event_unit_LDADD = $(core_test_libraries)
%C%_event_bus_unit_SOURCES = %D%/event-bus-unit.c
%C%_event_bus_unit_LDADD = $(core_test_libraries)
%C%_log_unit_SOURCES = %D%/log-unit.c
%C%_log_unit_LDADD = $(core_test_libraries)
%C%_log_line_unit_SOURCES = %D%/log-line-unit.c
%C%_log_line_unit_LDADD = $(core_test_libraries) $(JSON_LIBS)
%C%_mapping_unit_SOURCES = %D%/mapping-unit.c
%C%_mapping_unit_LDADD = $(core_test_libraries)
%C%_profile_unit_SOURCES = %D%/profile-unit.c
%C%_profile_unit_LDADD = $(core_test_libraries)
%C%_read_file_unit_SOURCES = %D%/read-file-unit.c
%C%_read_file_unit_LDADD = $(core_test_libraries)
%C%_settings_unit_SOURCES = %D%/settings-unit.c
%C%_settings_unit_LDADD = $(core_test_libraries)
%C%_settings_save_unit_SOURCES = %D%/settings-save-unit.c
%C%_settings_save_unit_LDADD = $(core_test_libraries)
%C%_settings_validate_unit_SOURCES = %D%/settings-validate-unit.c
%C%_settings_validate_unit_LDADD = $(core_test_libraries)
%C%_settling_unit_SOURCES = %D%/settling-unit.c
%C%_settling_unit_LDADD = $(core_test_libraries)
%C%_spelling_unit_SOURCES = %D%/spelling-unit.c
%C%_spelling_unit_LDADD = $(core_test_libraries)
%C%_traffic_unit_SOURCES = %D%/traffic-unit.c
%C%_traffic_unit_LDADD = $(core_test_libraries)

# The modules find the registry's functions in the shared library, as they do in the program.
%C%_module_unit_SOURCES = %D%/module-unit.c
%C%_module_unit_LDADD = libstunfwd.la $(GLIB_LIBS)
%C%_module_unit_LDFLAGS = $(AM_LDFLAGS) -no-install
EXTRA_%C%_module_unit_DEPENDENCIES = $(test_modules)
%C%_plugin_registry_unit_SOURCES = %D%/plugin-registry-unit.c
%C%_plugin_registry_unit_LDADD = libstunfwd.la $(GLIB_LIBS)
%C%_plugin_registry_unit_LDFLAGS = $(AM_LDFLAGS) -no-install
EXTRA_%C%_plugin_registry_unit_DEPENDENCIES = $(test_modules)

unit_tests += %D%/trust-unit
%C%_trust_unit_SOURCES = %D%/trust-unit.c tests/fakes/test-certificate.h
%C%_trust_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_trust_unit_LDADD = $(core_test_libraries)
