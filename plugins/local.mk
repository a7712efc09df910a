include $(top_srcdir)/plugins/strategies/local.mk
include $(top_srcdir)/plugins/signaling/local.mk
include $(top_srcdir)/plugins/forwarders/local.mk
