include $(top_srcdir)/signaling/signald/local.mk
