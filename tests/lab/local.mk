# Tests in network namespaces: ./check lab runs them, not make check.
EXTRA_DIST += \
	%D%/README.md %D%/natlab %D%/natlab-check %D%/wanlink.c %D%/birthday.py \
	%D%/figures.py %D%/hostile_signald.py %D%/lab.py %D%/matrix.py %D%/matrix_tables.py \
	%D%/measure_punching.py %D%/meeting.py %D%/pairs.py %D%/programs.py %D%/punch.py \
	%D%/router_table.py %D%/run.py %D%/services.py %D%/strangers.py \
	%D%/test_back_pressure.py %D%/test_discovery.py %D%/test_explain.py %D%/test_failures.py %D%/test_matrix.py \
	%D%/test_paths.py %D%/test_portmap.py %D%/test_punching.py %D%/test_relay.py \
	%D%/test_resilience.py %D%/test_router_table.py %D%/test_strangers.py \
	%D%/test_tcp_punch.py %D%/test_turn.py %D%/traffic.py %D%/trouble.py
