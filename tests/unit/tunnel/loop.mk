unit_tests += %D%/timer-heap-unit
%C%_timer_heap_unit_SOURCES = %D%/timer-heap-unit.c
%C%_timer_heap_unit_LDADD = libtunnel.la libpath.la libnet.la libcore.la $(GLIB_LIBS)

unit_tests += %D%/data-loop-unit
%C%_data_loop_unit_SOURCES = %D%/data-loop-unit.c
%C%_data_loop_unit_LDADD = libtunnel.la libpath.la libnet.la libcore.la $(GLIB_LIBS)
