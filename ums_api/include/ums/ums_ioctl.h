/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ioctl interface of the UMS device, /dev/ums. Valid C11 and C++; the same for programs of the
 * real kernel module and of this library, whose in-process door to the device is ums/ums_dev.h.
 *
 * Conventions
 *  1. Results and errno are those of ioctl(2): 0, or -1 and errno.
 *  2. A bad pointer is EACCES, never EFAULT, and out-fields are untouched on error.
 *  3. The size encoded in a number is mostly that of a pointer, not of the struct behind it.
 *  4. Numbers are fixed: programs built against the original headers run unchanged.
 */
#ifndef UMS_UMS_IOCTL_H
#define UMS_UMS_IOCTL_H

#include <linux/ioctl.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UMS_DEV_NAME "ums"
#define UMS_IOC_MAGIC 0xF0

/* enter_ums_mode_args.flags */
#define ENTER_UMS_SCHED 0x1 /* become a scheduler; wins over ENTER_UMS_WORK */
#define ENTER_UMS_WORK 0x2  /* become a worker, and wait until executed */

typedef int ums_comp_list_id_t; /* the id of a completion list, from 1 */

struct enter_ums_mode_args {
  int flags;
  ums_comp_list_id_t ums_complist;
};

typedef enum ums_sched_event_type_e {
  SCHEDULER_STARTUP = 0, /* the caller has become a scheduler */
  THREAD_YIELD = 1,      /* a worker has yielded: yield_params */
  THREAD_TERMINATED = 2  /* a worker has ended: end_params */
} ums_sched_event_type_t;

struct ums_thread_yield_args {
  pid_t context;          /* the worker */
  void* scheduler_params; /* what it passed to IOCTL_UMS_YIELD */
};

struct ums_thread_end_args {
  pid_t context; /* the worker */
};

struct ums_sched_event {
  ums_sched_event_type_t type;
  union {
    struct ums_thread_yield_args yield_params;
    struct ums_thread_end_args end_params;
  };
};

struct dequeue_ums_complist_args {
  ums_comp_list_id_t ums_complist; /* in: the list */
  pid_t ums_context;               /* out: the first worker of the batch */
};

struct ums_next_context_list_args {
  pid_t ums_context;      /* in: a worker of a batch */
  pid_t ums_next_context; /* out: the one after it, or -1 */
};

/* Creates a completion list. Argument: ums_comp_list_id_t *, out. */
#define IOCTL_CREATE_UMS_CLIST _IOR(UMS_IOC_MAGIC, 1, int*)
/* Makes the caller a scheduler or a worker. Argument: struct enter_ums_mode_args *, in. */
#define IOCTL_ENTER_UMS _IOW(UMS_IOC_MAGIC, 2, struct enter_ums_mode_args*)
/* Takes the caller's next event, waiting for one. Argument: struct ums_sched_event *, out. */
#define IOCTL_UMS_SCHED_DQEVENT _IOR(UMS_IOC_MAGIC, 3, struct ums_sched_event*)
/* Takes a whole list, waiting while it is empty. Argument: struct dequeue_ums_complist_args *. */
#define IOCTL_DEQUEUE_UMS_CLIST _IOWR(UMS_IOC_MAGIC, 4, struct dequeue_ums_complist_args*)
/* Walks a batch. Argument: struct ums_next_context_list_args *. */
#define IOCTL_NEXT_UMS_CTX_LIST _IOWR(UMS_IOC_MAGIC, 5, struct ums_next_context_list_args*)
/* Runs a worker until it yields or ends. Argument: its id, by value. */
#define IOCTL_EXEC_UMS_CTX _IOW(UMS_IOC_MAGIC, 6, pid_t)
/* Gives the processor back to the scheduler. Argument: any pointer, by value, never followed. */
#define IOCTL_UMS_YIELD _IOW(UMS_IOC_MAGIC, 7, void*)
/* Leaves worker mode. No argument. */
#define IOCTL_EXIT_UMS _IO(UMS_IOC_MAGIC, 8)
/* Drops the creator's reference to a completion list. Argument: its id, by value. */
#define IOCTL_DELETE_UMS_CLIST _IOW(UMS_IOC_MAGIC, 9, int)

#ifdef __cplusplus
}
#endif

#endif /* UMS_UMS_IOCTL_H */
