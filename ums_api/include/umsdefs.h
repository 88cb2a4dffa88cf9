/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of the UMS (user-mode scheduling) interface; the functions are in ums.h. Valid C11 and C++.
 */
#ifndef UMSDEFS_H
#define UMSDEFS_H

#include <pthread.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A worker: its thread id, as gettid(2) gives it. Never 0 or negative. */
typedef pid_t ums_context_t;

/* A completion list: the queue in which workers that can run wait for a scheduler. From 1. */
typedef int ums_completion_list_t;

/* Whose event an entry point is called for. */
typedef union ums_activation_u {
  ums_context_t context; /* the worker that yielded or ended */
} ums_activation_t;

/* Why an entry point is called. */
typedef enum ums_reason_e {
  UMS_SCHEDULER_STARTUP = 0,      /* first call: the thread has become a scheduler */
  UMS_SCHEDULER_THREAD_YIELD = 1, /* a worker called ums_thread_yield */
  UMS_SCHEDULER_THREAD_END = 2    /* a worker has ended */
} ums_reason_t;

/* So that a program can ask for them by #ifdef. */
#define UMS_SCHEDULER_STARTUP UMS_SCHEDULER_STARTUP
#define UMS_SCHEDULER_THREAD_YIELD UMS_SCHEDULER_THREAD_YIELD
#define UMS_SCHEDULER_THREAD_END UMS_SCHEDULER_THREAD_END

/*
 * A scheduler's entry point: decides what runs next. It is called on the scheduler's thread, once
 * for each event in order, and typically ends by execute_ums_thread.
 *
 *   reason                       activation             scheduler_param
 *   UMS_SCHEDULER_STARTUP        NULL                   that of the startup info
 *   UMS_SCHEDULER_THREAD_YIELD   the worker's context   what the worker gave to ums_thread_yield
 *   UMS_SCHEDULER_THREAD_END     the worker's context   NULL
 *
 * The activation is valid until the entry point returns.
 */
typedef void (*ums_scheduler_entry_point_t)(ums_reason_t reason, ums_activation_t* activation,
                                            void* scheduler_param);

/* What enter_ums_scheduling_mode needs to know. */
typedef struct ums_scheduler_startup_info_s {
  ums_completion_list_t completion_list; /* the scheduler's own list */
  ums_scheduler_entry_point_t ums_scheduler_entry_point;
  void* scheduler_param; /* for the entry point's first call */
} ums_scheduler_startup_info_t;

/* What ums_pthread_create needs to know. */
typedef struct ums_attr_s {
  ums_completion_list_t completion_list; /* where the worker waits when it can run */
  pthread_attr_t* pthread_attr;          /* of its thread; NULL: the defaults */
} ums_attr_t;

#ifdef __cplusplus
}
#endif

#endif /* UMSDEFS_H */
