// SPDX-License-Identifier: Apache-2.0
//
// A program that stands still for a picture of its /proc/ums: it prints the ids of its threads once
// they are where they are meant to be, and goes on with each line that it reads.
//
//   picture 1  the scheduler S has dequeued the workers A, B and C of list 1. B runs, A is still to
//              be executed, C is carried by B. The worker D waits in list 2.
//   picture 2  B has yielded, and runs again; S has dequeued C with it
//   picture 3  B has ended, and S waits for an event. The next line ends the program.
//
// With POSED_EMBEDDED its kernel is the library's, else the one that answers its system calls.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ums/ums_ioctl.h>
#include <unistd.h>
#if POSED_EMBEDDED
#include <ums/ums_dev.h>
#endif

static int fd;
static pid_t runner;  // B, once S knows who that is

static void call(unsigned long number, const void* argument) {
#if POSED_EMBEDDED
  const int result = ums_dev_ioctl(fd, number, (void*)(unsigned long)argument);
#else
  const int result = (int)syscall(SYS_ioctl, fd, number, argument);
#endif
  if (result == 0) return;
  fprintf(stderr, "request %#lx: %s\n", number, strerror(errno));
  exit(1);
}

static int open_device(void) {
#if POSED_EMBEDDED
  return ums_dev_open("/dev/ums", O_RDONLY);
#else
  return open("/dev/ums", O_RDONLY);
#endif
}

static void enter(int flags, int list) {
  const struct enter_ums_mode_args args = {flags, list};
  call(IOCTL_ENTER_UMS, &args);
}

static pid_t dequeue(int list) {
  struct dequeue_ums_complist_args batch = {list, 0};
  call(IOCTL_DEQUEUE_UMS_CLIST, &batch);
  return batch.ums_context;
}

static pid_t next_of(pid_t worker) {
  struct ums_next_context_list_args next = {worker, 0};
  call(IOCTL_NEXT_UMS_CTX_LIST, &next);
  return next.ums_next_context;
}

static void take_event(void) {
  struct ums_sched_event event = {0};
  call(IOCTL_UMS_SCHED_DQEVENT, &event);
}

static void execute(pid_t worker) { call(IOCTL_EXEC_UMS_CTX, (const void*)(intptr_t)worker); }

static void say(const char* what) {
  printf("%s\n", what);
  fflush(stdout);
}

static void next_line(void) {
  char line[16];
  if (fgets(line, sizeof line, stdin) == NULL) exit(0);
}

static void be_b(void) {
  say("picture 1");
  next_line();
  call(IOCTL_UMS_YIELD, NULL);
  say("picture 2");
  next_line();
  call(IOCTL_EXIT_UMS, NULL);
  next_line();
  exit(0);
}

static void* work(void* list) {
  const pid_t me = (pid_t)syscall(SYS_gettid);
  enter(ENTER_UMS_WORK, *(int*)list);
  call(IOCTL_UMS_YIELD, NULL);
  if (me == runner) be_b();
  return NULL;
}

// Waits for `count` workers of a list, and executes each until it yields. They are in their list in
// this order then.
static void let_yield(int list, pid_t* workers, int count) {
  for (int i = 0; i < count;) {
    for (pid_t worker = dequeue(list); worker != -1; worker = next_of(worker)) {
      workers[i++] = worker;
    }
  }
  for (int i = 0; i < count; i++) {
    execute(workers[i]);
    take_event();
  }
}

static void* schedule(void* unused) {
  pid_t ids[4];
  enter(ENTER_UMS_SCHED, 1);
  take_event();
  let_yield(1, ids, 3);
  let_yield(2, ids + 3, 1);
  runner = ids[1];
  printf("%d %d %d %d %d %d\n", (int)getpid(), (int)syscall(SYS_gettid), (int)ids[0], (int)ids[1],
         (int)ids[2], (int)ids[3]);

  execute(next_of(dequeue(1)));
  take_event();
  execute(next_of(dequeue(1)));
  take_event();
  say("picture 3");
  take_event();
  return unused;
}

int main(void) {
  static int lists[2];
  fd = open_device();
  for (int i = 0; i < 2; i++) call(IOCTL_CREATE_UMS_CLIST, &lists[i]);
  pthread_t thread;
  for (int i = 0; i < 4; i++) {
    if (pthread_create(&thread, NULL, work, &lists[i / 3]) != 0) abort();
  }
  if (pthread_create(&thread, NULL, schedule, NULL) != 0) abort();
  for (;;) pause();
}
