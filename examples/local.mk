EXTRA_DIST += %D%/README.md %D%/known-port/configure.ac %D%/known-port/Makefile.am %D%/known-port/README.md %D%/known-port/known-port.c
