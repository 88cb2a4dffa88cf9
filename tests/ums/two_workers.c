// SPDX-License-Identifier: Apache-2.0
//
// A program that knows nothing of this project but the device: a scheduler, two workers that take
// turns, and two processes, each with a file of its own. Prints what happened, and exits with 0.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ums/ums_ioctl.h>
#include <unistd.h>

enum { WORKERS = 2, TURNS = 3 };

static int fd;
static ums_comp_list_id_t list;

// By bare system calls: no library stands between.
static void call(unsigned long request, const void* argument) {
  if (syscall(SYS_ioctl, fd, request, argument) == 0) return;
  fprintf(stderr, "request %#lx: %s\n", request, strerror(errno));
  exit(1);
}

static void enter(int flags) {
  const struct enter_ums_mode_args args = {flags, list};
  call(IOCTL_ENTER_UMS, &args);
}

static void* work(void* name) {
  enter(ENTER_UMS_WORK);
  for (int i = 0; i < TURNS; i++) {
    printf("%s", (const char*)name);
    call(IOCTL_UMS_YIELD, name);
  }
  call(IOCTL_EXIT_UMS, NULL);
  return NULL;
}

// Executes every worker of a batch once. Returns how many ended.
static int run_batch(void) {
  struct dequeue_ums_complist_args batch = {list, 0};
  call(IOCTL_DEQUEUE_UMS_CLIST, &batch);
  pid_t workers[WORKERS];
  int count = 0;
  int ended = 0;
  for (pid_t worker = batch.ums_context; worker != -1;) {
    workers[count++] = worker;
    struct ums_next_context_list_args next = {worker, 0};
    call(IOCTL_NEXT_UMS_CTX_LIST, &next);
    worker = next.ums_next_context;
  }
  for (int i = 0; i < count; i++) {
    call(IOCTL_EXEC_UMS_CTX, (const void*)(intptr_t)workers[i]);
    struct ums_sched_event event;
    call(IOCTL_UMS_SCHED_DQEVENT, &event);
    ended += event.type == THREAD_TERMINATED;
  }
  return ended;
}

static void schedule(void) {
  fd = (int)syscall(SYS_openat, AT_FDCWD, "/dev/ums", O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) {
    perror("/dev/ums");
    exit(1);
  }
  call(IOCTL_CREATE_UMS_CLIST, &list);
  pthread_t threads[WORKERS];
  pthread_create(&threads[0], NULL, work, "A");
  pthread_create(&threads[1], NULL, work, "B");
  enter(ENTER_UMS_SCHED);
  struct ums_sched_event startup;
  call(IOCTL_UMS_SCHED_DQEVENT, &startup);
  for (int left = WORKERS; left > 0;) left -= run_batch();
  for (int i = 0; i < WORKERS; i++) pthread_join(threads[i], NULL);
  putchar('\n');
  fflush(stdout);
}

int main(void) {
  const pid_t child = fork();
  schedule();
  if (child == 0) return 0;
  int status = -1;
  waitpid(child, &status, 0);
  return status == 0 ? 0 : 1;
}
