# Tests in network namespaces: ./check lab runs them, not make check.
EXTRA_DIST += %D%/README.md %D%/natlab %D%/natlab-check %D%/punch.py %D%/wanlink.c \
	%D%/lab.py %D%/programs.py %D%/run.py %D%/services.py %D%/traffic.py \
	%D%/test_discovery.py %D%/test_failures.py %D%/test_paths.py
	%D%/test_failures.py %D%/test_paths.py %D%/test_portmap.py
