// SPDX-License-Identifier: Apache-2.0
//
// The device without the library: what ums.h does, ioctl by ioctl. ums_dev_open, ums_dev_ioctl and
// ums_dev_close stand for open(2), ioctl(2) and close(2) on /dev/ums.
//
//     cc -D_GNU_SOURCE raw_ioctl.c $(pkg-config --cflags --libs libums) -o raw_ioctl && ./raw_ioctl
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <ums/ums_dev.h>
#include <ums/ums_ioctl.h>
#include <unistd.h>

static int device;
static ums_comp_list_id_t list;
static pid_t worker_tid;
static char message[] = "a message from the worker";

static void check(int ok, const char* what) {
  if (ok) return;
  perror(what);
  exit(1);
}

static void* worker_main(void* unused) {
  worker_tid = gettid();

  // Becomes a worker: waits in the list until a scheduler executes it.
  struct enter_ums_mode_args enter = {ENTER_UMS_WORK, list};
  check(ums_dev_ioctl(device, IOCTL_ENTER_UMS, &enter) == 0, "ENTER as a worker");

  // Gives the processor back, with a message: any pointer, which the device passes on as it is.
  check(ums_dev_ioctl(device, IOCTL_UMS_YIELD, message) == 0, "YIELD");

  // Leaves worker mode, and goes on as the plain thread that it was.
  check(ums_dev_ioctl(device, IOCTL_EXIT_UMS) == 0, "EXIT");
  return unused;
}

static struct ums_sched_event next_event(void) {
  struct ums_sched_event event;
  check(ums_dev_ioctl(device, IOCTL_UMS_SCHED_DQEVENT, &event) == 0, "DQEVENT");
  return event;
}

// Takes all workers of the list, of which there is one, and runs it until it gives up.
static void run_worker(void) {
  struct dequeue_ums_complist_args batch = {list, 0};
  check(ums_dev_ioctl(device, IOCTL_DEQUEUE_UMS_CLIST, &batch) == 0, "DEQUEUE");
  check(batch.ums_context == worker_tid, "the worker that was dequeued");

  struct ums_next_context_list_args next = {batch.ums_context, 0};
  check(ums_dev_ioctl(device, IOCTL_NEXT_UMS_CTX_LIST, &next) == 0, "NEXT");
  check(next.ums_next_context == -1, "the end of the batch");

  check(ums_dev_ioctl(device, IOCTL_EXEC_UMS_CTX, batch.ums_context) == 0, "EXEC");
}

static void* scheduler_main(void* unused) {
  struct enter_ums_mode_args enter = {ENTER_UMS_SCHED, list};
  check(ums_dev_ioctl(device, IOCTL_ENTER_UMS, &enter) == 0, "ENTER as a scheduler");
  check(next_event().type == SCHEDULER_STARTUP, "the first event");

  run_worker();
  const struct ums_sched_event yielded = next_event();
  check(yielded.type == THREAD_YIELD, "the second event");
  check(yielded.yield_params.context == worker_tid, "who yielded");
  check(yielded.yield_params.scheduler_params == message, "what it passed");
  printf("the scheduler got %s\n", (const char*)yielded.yield_params.scheduler_params);

  run_worker();
  const struct ums_sched_event ended = next_event();
  check(ended.type == THREAD_TERMINATED, "the third event");
  check(ended.end_params.context == worker_tid, "who ended");
  return unused;
}

int main(void) {
  pthread_t worker, scheduler;

  device = ums_dev_open("/dev/ums", O_RDONLY);
  check(device >= 0, "open");
  check(ums_dev_ioctl(device, IOCTL_CREATE_UMS_CLIST, &list) == 0, "CREATE");

  check(pthread_create(&worker, NULL, worker_main, NULL) == 0, "pthread_create");
  check(pthread_create(&scheduler, NULL, scheduler_main, NULL) == 0, "pthread_create");
  pthread_join(worker, NULL);
  pthread_join(scheduler, NULL);

  check(ums_dev_ioctl(device, IOCTL_DELETE_UMS_CLIST, list) == 0, "DELETE");
  check(ums_dev_close(device) == 0, "close");
  return 0;
}
