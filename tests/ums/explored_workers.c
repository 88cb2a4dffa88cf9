// SPDX-License-Identifier: Apache-2.0
//
// explored_workers MODE: two workers and their scheduler, whose order decides whether they end.
//
//   lost     a worker that its scheduler has dequeued and forgotten, if both wait in the list when
//            it looks
//   circle   a worker that yields with a mutex, for which the other waits: their scheduler executes
//            the one, and cannot execute the other
//   report   a list that is deleted twice while its scheduler is left, if both wait in it
//   exit     ends when the first worker has, though the other may have been dequeued with it
//   leave    ends without a scheduler
//   proc     workers that find themselves in /proc/ums
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ums.h>
#include <unistd.h>

enum { WORKERS = 2 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static ums_completion_list_t list;
static int forgets;
static int exits;
static int deletes;
static int looks;

static void check(int ok, const char* what) {
  if (ok) return;
  perror(what);
  abort();
}

static void* yield_with_mutex(void* unused) {
  pthread_mutex_lock(&mutex);
  check(ums_thread_yield(NULL) == 0, "ums_thread_yield");
  pthread_mutex_unlock(&mutex);
  return unused;
}

// As the kernel calls, whose own calls are not answered: sim_kernel/base/own_path_call.h.
static int open_as_kernel(const char* path) {
  const long own_path_call = 0x5eed0a11;
  return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0, 0, own_path_call);
}

static void look_into_proc(void) {
  char path[64];
  char expected[64];
  char info[64] = "";
  snprintf(path, sizeof path, "/proc/ums/%d/workers/%d/info", getpid(), gettid());
  snprintf(expected, sizeof expected, "Pid:\t%d\nState:\tR (running)\n", gettid());
  FILE* const file = fopen(path, "r");
  check(file != NULL, path);
  check(fread(info, 1, sizeof info - 1, file) > 0, path);
  check(strncmp(info, expected, strlen(expected)) == 0, info);
  fclose(file);
  check(open_as_kernel(path) == -1, "a call of the kernel is answered");
}

static void* end_at_once(void* unused) {
  if (exits) exit(0);
  if (looks) look_into_proc();
  return unused;
}

static void schedule(ums_reason_t reason, ums_activation_t* activation, void* param) {
  static ums_context_t queue[WORKERS];
  static int queued;
  static int left = WORKERS;
  (void)activation;
  (void)param;
  if (reason == UMS_SCHEDULER_THREAD_END && --left == 0) pthread_exit(NULL);
  if (queued == 0) {
    ums_context_t worker;
    check(dequeue_ums_completion_list_items(list, &worker) == 0, "dequeue");
    for (; worker > 0; worker = get_next_ums_list_item(worker)) queue[queued++] = worker;
  }
  for (int i = 0; deletes && queued == WORKERS && i < 2; ++i) {
    ums_completion_list_t same = list;
    delete_ums_completion_list(&same);
  }
  const ums_context_t next = queue[--queued];
  if (forgets) queued = 0;
  check(execute_ums_thread(next) == 0, "execute_ums_thread");
}

static void* scheduler_main(void* unused) {
  ums_scheduler_startup_info_t info = {list, schedule, unused};
  enter_ums_scheduling_mode(&info);
  check(0, "enter_ums_scheduling_mode");
  return NULL;
}

int main(int argc, char** argv) {
  pthread_t threads[WORKERS + 1];
  const char* const mode = argc > 1 ? argv[1] : "";
  forgets = strcmp(mode, "lost") == 0;
  exits = strcmp(mode, "exit") == 0;
  deletes = strcmp(mode, "report") == 0;
  looks = strcmp(mode, "proc") == 0;
  const int yields = strcmp(mode, "circle") == 0;
  check(create_ums_completion_list(&list) == 0, "create_ums_completion_list");
  ums_attr_t attributes = {list, NULL};
  for (int i = 0; i < WORKERS; ++i) {
    check(ums_pthread_create(&threads[i], &attributes, yields ? yield_with_mutex : end_at_once,
                             NULL) == 0,
          "ums_pthread_create");
  }
  if (strcmp(mode, "leave") == 0) return delete_ums_completion_list(&list);
  check(pthread_create(&threads[WORKERS], NULL, scheduler_main, NULL) == 0, "pthread_create");
  for (int i = 0; i <= WORKERS; ++i) pthread_join(threads[i], NULL);
  return 0;
}
