include $(top_srcdir)/tests/conformance/signaling.mk
include $(top_srcdir)/tests/conformance/strategy.mk
include $(top_srcdir)/tests/conformance/forwarder.mk
include $(top_srcdir)/tests/conformance/scripts.mk
