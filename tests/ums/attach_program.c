// SPDX-License-Identifier: Apache-2.0
//
// attach_program: two programs that meet on the file of one of them.
//
//     attach_program worker              opens the device, prints "PID FD", and becomes a worker of
//                                        its list 1; prints "executed" when it is executed
//     attach_program scheduler PID FD    executes the worker there until it ends; prints "done"
//     attach_program hidden              cannot be looked into but by root, and finds no device
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <ums/ums_ioctl.h>
#include <unistd.h>

static int fd;

static void call(unsigned long request, const void* argument) {
  if (ioctl(fd, request, argument) == 0) return;
  fprintf(stderr, "request %#lx: %s\n", request, strerror(errno));
  exit(1);
}

static void be_worker(void) {
  fd = open("/dev/ums", O_RDONLY);
  ums_comp_list_id_t list = 0;
  call(IOCTL_CREATE_UMS_CLIST, &list);
  printf("%d %d\n", (int)getpid(), fd);
  fflush(stdout);
  const struct enter_ums_mode_args args = {ENTER_UMS_WORK, list};
  call(IOCTL_ENTER_UMS, &args);
  call(IOCTL_UMS_YIELD, "");
  puts("executed");
  call(IOCTL_EXIT_UMS, NULL);
}

static void be_scheduler(const char* pid, const char* number) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/fd/%s", pid, number);
  fd = open(path, O_RDONLY | O_NONBLOCK);
  const struct enter_ums_mode_args args = {ENTER_UMS_SCHED, 1};
  call(IOCTL_ENTER_UMS, &args);
  struct ums_sched_event event;
  call(IOCTL_UMS_SCHED_DQEVENT, &event);
  do {
    struct dequeue_ums_complist_args batch = {1, 0};
    call(IOCTL_DEQUEUE_UMS_CLIST, &batch);
    if (batch.ums_context != atoi(pid)) exit(2);
    call(IOCTL_EXEC_UMS_CTX, (const char*)NULL + batch.ums_context);
    call(IOCTL_UMS_SCHED_DQEVENT, &event);
  } while (event.type != THREAD_TERMINATED);
  puts("done");
}

static void hide(void) {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (open("/dev/ums", O_RDONLY) >= 0) exit(2);
}

int main(int count, char** words) {
  if (count == 4) {
    be_scheduler(words[2], words[3]);
  } else if (strcmp(words[1], "hidden") == 0) {
    hide();
  } else {
    be_worker();
  }
  return 0;
}
