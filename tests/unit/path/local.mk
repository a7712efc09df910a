include $(top_srcdir)/tests/fakes/path.mk
