include $(top_srcdir)/tests/unit/tunnel/loop.mk
include $(top_srcdir)/tests/unit/tunnel/quic.mk
