# Tests of the programs on loopback: ./check lab runs them, not make check.
EXTRA_DIST += %D%/garbage_server.py %D%/test_bad_input.py %D%/test_control.py %D%/test_explain.py
