# A line "include" of this file in local.mk adds them to the fuzz targets.
fuzz_targets += %D%/mapping-fuzz %D%/settings-fuzz
%C%_mapping_fuzz_SOURCES = %D%/mapping-fuzz.c
%C%_settings_fuzz_SOURCES = %D%/settings-fuzz.c
