libtunnel_la_SOURCES += %D%/data-loop.c %D%/data-loop.h
libtunnel_la_SOURCES += %D%/message-queue.c %D%/message-queue.h
libtunnel_la_SOURCES += %D%/timer-heap.c %D%/timer-heap.h
libtunnel_la_SOURCES += %D%/demultiplexer.c %D%/demultiplexer.h
libtunnel_la_SOURCES += %D%/packet-kind.c %D%/packet-kind.h
libtunnel_la_SOURCES += %D%/reporter.c %D%/reporter.h
libtunnel_la_SOURCES += %D%/check-table.c %D%/check-table.h
libtunnel_la_SOURCES += %D%/data-plane.c %D%/data-plane.h
