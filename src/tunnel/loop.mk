libtunnel_la_SOURCES += %D%/data-loop.c %D%/data-loop.h
libtunnel_la_SOURCES += %D%/message-queue.c %D%/message-queue.h
libtunnel_la_SOURCES += %D%/timer-heap.c %D%/timer-heap.h
