// SPDX-License-Identifier: Apache-2.0
//
// hold_workers COMMAND...: runs COMMAND while a scheduler of this program has two workers dequeued,
// which COMMAND finds in /proc/ums. Its environment names them: UMS_PID, UMS_WORKER_1,
// UMS_WORKER_2. Exits with its status.
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <ums/ums_ioctl.h>
#include <unistd.h>

static int fd;
static ums_comp_list_id_t list;

static void call(unsigned long request, const void* argument) {
  if (ioctl(fd, request, argument) == 0) return;
  perror("ioctl");
  exit(1);
}

static void enter(int flags) {
  const struct enter_ums_mode_args args = {flags, list};
  call(IOCTL_ENTER_UMS, &args);
}

static void* work(void* unused) {
  enter(ENTER_UMS_WORK);
  call(IOCTL_EXIT_UMS, NULL);
  return unused;
}

static void set_number(const char* name, long number) {
  char text[20];
  snprintf(text, sizeof text, "%ld", number);
  setenv(name, text, 1);
}

static int run(char** command) {
  const pid_t child = fork();
  if (child == 0) {
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Starts a worker and takes it from the list.
static pid_t dequeue_new(pthread_t* thread) {
  pthread_create(thread, NULL, work, NULL);
  struct dequeue_ums_complist_args batch = {list, 0};
  call(IOCTL_DEQUEUE_UMS_CLIST, &batch);
  return batch.ums_context;
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  fd = open("/dev/ums", O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    perror("/dev/ums");
    return 1;
  }
  call(IOCTL_CREATE_UMS_CLIST, &list);
  enter(ENTER_UMS_SCHED);
  pthread_t threads[2];
  const pid_t first = dequeue_new(&threads[0]);
  const pid_t second = dequeue_new(&threads[1]);
  set_number("UMS_PID", getpid());
  set_number("UMS_WORKER_1", first);
  set_number("UMS_WORKER_2", second);
  const int status = run(argv + 1);
  call(IOCTL_EXEC_UMS_CTX, (const void*)(intptr_t)first);
  call(IOCTL_EXEC_UMS_CTX, (const void*)(intptr_t)second);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  return status;
}
