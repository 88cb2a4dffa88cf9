/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UMS: user-mode scheduling. Scheduler threads of the program decide when its worker threads run.
 * Valid C11 and C++. Link with -lums -pthread.
 *
 * Worker:     a pthread made by ums_pthread_create. It waits in a completion list until a scheduler
 *             executes it, and runs until it yields or ends. Joining, thread-local storage,
 *             thread-specific data, errno and cancellation work as in any pthread.
 * Scheduler:  a thread in enter_ums_scheduling_mode. Its entry point hears of what its workers do,
 *             takes workers from completion lists and executes them, one at a time.
 *
 * Conventions
 *  1. Functions return 0 (or a context) on success, and -1 with errno set on failure;
 *     ums_pthread_create alone returns an error number, as pthread_create does.
 *  2. A failed call changes nothing, and leaves what it would have written untouched.
 *  3. A call may be made by any thread, unless its comment names a role. None is a cancellation
 *     point, and none may be made by a signal handler that interrupted another one (EBUSY).
 *  4. Lists and workers belong to the process: a forked child starts with none.
 *  5. Who answers: the environment variable UMS_BACKEND, read once. "device": the kernel module, by
 *     /dev/ums. "sim": the simulated kernel inside this process. "auto", the default: the module
 *     where /dev/ums can be opened for reading, else the simulation. With any other value every
 *     call fails with EINVAL. One line on standard error says which; UMS_QUIET=1 (or
 *     any value but 0) silences it. Where the device cannot be opened, every call fails with the
 *     errno of open(2).
 */
#ifndef UMS_H
#define UMS_H

#include <umsdefs.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Creates a completion list and stores its id, the lowest free one from 1, in *list.
 * Errors: EFAULT (list is NULL), EACCES (not writable), ENOMEM.
 */
int create_ums_completion_list(ums_completion_list_t* list);

/*
 * Gives up the creator's reference to a list, and sets *list to 0. The list goes when no scheduler
 * or worker uses it any more; until then they go on with it, and its id is not given out again.
 * Errors: EFAULT (list is NULL), EINVAL (no such list, or deleted before).
 */
int delete_ums_completion_list(ums_completion_list_t* list);

/*
 * Creates a worker: a thread that waits in attr->completion_list until it is executed, and then
 * runs func(arg). When func returns, or the thread exits or is cancelled, worker mode ends in a
 * destructor of thread-specific data, and the scheduler is told. Then the thread ends as any other:
 * join or detach it.
 *
 * attr->pthread_attr is used for the thread with all its settings. Where it names no stack, the
 * stack is up to 4 KiB larger than asked for (by default), and never smaller.
 *
 * Returns 0, or what pthread_create returns (EAGAIN, EINVAL, EPERM); -1 with errno EFAULT if attr
 * or func is NULL. The list is looked up by the new thread: if there is none of this id, the thread
 * ends at once with the result NULL, and func is not called.
 * Ownership: attr and what it points to are not needed after the call.
 */
int ums_pthread_create(pthread_t* t, ums_attr_t* attr, void* (*func)(void*), void* arg);

/*
 * Makes the calling thread a scheduler, and calls the entry point for every event: first with
 * UMS_SCHEDULER_STARTUP, then when a worker that it executed yields or ends, waiting in between.
 * A signal does not end the wait. Returns only on failure.
 *
 * To leave, the entry point calls pthread_exit; the thread's cleanup handlers (in C++, the
 * destructors of its frames) run. An exception of the entry point passes to the caller.
 *
 * Returns -1. Errors: EFAULT (info or its entry point is NULL), EINVAL (no such list), ENOMEM (the
 * thread is a scheduler already).
 * Ownership: *info is not needed after the first call of the entry point.
 */
int enter_ums_scheduling_mode(ums_scheduler_startup_info_t* info);

/*
 * Takes all workers out of a list, in the order in which they came, and stores the first in *out;
 * get_next_ums_list_item gives the others. Waits while the list is empty.
 * Context: a scheduler.
 * Errors: EFAULT (out is NULL), EINVAL (no such list, or it went while the call waited), ESRCH (not
 * a scheduler), EINTR (a signal handler ran that is installed without SA_RESTART).
 */
int dequeue_ums_completion_list_items(ums_completion_list_t list, ums_context_t* out);

/*
 * The worker after `ctx` in a batch that dequeue_ums_completion_list_items took. Each step passes
 * the rest on to the worker it returns, so each works once. Walk before you execute `ctx`: workers
 * that were not reached return to their list when it next yields or ends.
 * Returns the worker, 0 after the last one, or -1. Errors: ESRCH (no such worker, or not in hand).
 */
ums_context_t get_next_ums_list_item(ums_context_t ctx);

/*
 * Runs a worker on the calling thread, until it yields or ends. The event follows.
 * Context: a scheduler; the worker has been dequeued, by this scheduler or another.
 * Errors: ESRCH (no such worker, or the caller is not a scheduler), EBUSY (the worker runs, is in a
 * list, was not reached in its batch, or is the caller).
 */
int execute_ums_thread(ums_context_t ctx);

/*
 * Gives the processor back to the scheduler that executed the calling worker, which is told of it
 * with scheduler_param; the worker goes to the end of its own completion list. Returns when it is
 * executed again.
 * Context: a worker, also in a signal handler that interrupted the worker's own code.
 * Errors: ESRCH (not a running worker), EBUSY (a signal handler interrupted another call).
 */
int ums_thread_yield(void* scheduler_param);

#ifdef __cplusplus
}
#endif

#endif /* UMS_H */
