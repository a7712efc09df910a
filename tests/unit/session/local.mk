include $(top_srcdir)/tests/unit/session/interfaces.mk
