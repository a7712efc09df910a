pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = %D%/stunfwd.pc
