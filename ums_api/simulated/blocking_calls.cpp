// SPDX-License-Identifier: Apache-2.0
//
// Functions of the C library that may block, or count real time, and that a simulation does not
// control: each is named once (not_controlled.h), and then is the C library's.
#include <aio.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netdb.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/not_controlled.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

#define UMS_NOT_CONTROLLED(result, name, parameters, arguments)                    \
  constinit ums::api::NextSymbol<result parameters> next_##name{#name};            \
  UMS_EXPORT result ums_##name parameters asm(#name);                              \
  result ums_##name parameters {                                                   \
    if (ums::api::current_simulated() != nullptr) ums::api::not_controlled(#name); \
    return next_##name arguments;                                                  \
  }

// Messages and semaphores of System V, and queues of POSIX.
UMS_NOT_CONTROLLED(ssize_t, msgrcv, (int id, void* to, size_t size, long type, int flags),
                   (id, to, size, type, flags))
UMS_NOT_CONTROLLED(int, msgsnd, (int id, const void* from, size_t size, int flags),
                   (id, from, size, flags))
UMS_NOT_CONTROLLED(int, semop, (int id, sembuf* operations, size_t count), (id, operations, count))
UMS_NOT_CONTROLLED(int, semtimedop,
                   (int id, sembuf* operations, size_t count, const timespec* limit),
                   (id, operations, count, limit))
UMS_NOT_CONTROLLED(ssize_t, mq_receive, (mqd_t queue, char* to, size_t size, unsigned* priority),
                   (queue, to, size, priority))
UMS_NOT_CONTROLLED(ssize_t, mq_timedreceive,
                   (mqd_t queue, char* to, size_t size, unsigned* priority, const timespec* limit),
                   (queue, to, size, priority, limit))
UMS_NOT_CONTROLLED(int, mq_send, (mqd_t queue, const char* from, size_t size, unsigned priority),
                   (queue, from, size, priority))
UMS_NOT_CONTROLLED(int, mq_timedsend,
                   (mqd_t queue, const char* from, size_t size, unsigned priority,
                    const timespec* limit),
                   (queue, from, size, priority, limit))

// Files.
UMS_NOT_CONTROLLED(int, aio_suspend, (const aiocb* const* list, int count, const timespec* limit),
                   (list, count, limit))
UMS_NOT_CONTROLLED(ssize_t, splice,
                   (int from, off_t* from_at, int to, off_t* to_at, size_t size, unsigned flags),
                   (from, from_at, to, to_at, size, flags))
UMS_NOT_CONTROLLED(ssize_t, tee, (int from, int to, size_t size, unsigned flags),
                   (from, to, size, flags))
UMS_NOT_CONTROLLED(ssize_t, vmsplice, (int fd, const iovec* parts, size_t count, unsigned flags),
                   (fd, parts, count, flags))
UMS_NOT_CONTROLLED(ssize_t, sendfile, (int to, int from, off_t* at, size_t size),
                   (to, from, at, size))
UMS_NOT_CONTROLLED(ssize_t, sendfile64, (int to, int from, off_t* at, size_t size),
                   (to, from, at, size))

// Other processes and machines, which the C library waits for.
UMS_NOT_CONTROLLED(int, system, (const char* command), (command))
UMS_NOT_CONTROLLED(int, pclose, (FILE * file), (file))
UMS_NOT_CONTROLLED(int, getaddrinfo,
                   (const char* node, const char* service, const addrinfo* hints,
                    addrinfo** result),
                   (node, service, hints, result))
UMS_NOT_CONTROLLED(hostent*, gethostbyname, (const char* name), (name))

// Real time.
UMS_NOT_CONTROLLED(int, timerfd_create, (int clock, int flags), (clock, flags))
