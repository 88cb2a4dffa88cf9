/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library_client WORD [loaded|absent|part]: a program of ums.h, linked with another build of the
 * library than this project's. Five workers that yield ten times each, in a forked child too.
 *
 * WORD is in the path of that library, which is said to be loaded, not to be, or to be a part of
 * the program. Exit status 0 if all is as it should be; else it says what is not.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ums.h>
#include <unistd.h>

#define CHECK(condition)                                                                    \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      fprintf(stderr, "library_client: line %d: not %s (errno %d)\n", __LINE__, #condition, \
              errno);                                                                       \
      _exit(1);                                                                             \
    }                                                                                       \
  } while (0)

enum { kWorkers = 5, kYields = 10 };

static ums_completion_list_t list;
static int left;   /* workers that have not ended */
static int yields; /* as the scheduler has seen them */

static void* work(void* argument) {
  for (int i = 0; i < kYields; ++i) CHECK(ums_thread_yield(argument) == 0);
  return argument;
}

static void schedule(ums_reason_t reason, ums_activation_t* activation, void* parameter) {
  static ums_context_t next;
  if (reason == UMS_SCHEDULER_STARTUP) CHECK(activation == NULL && parameter == &left);
  if (reason == UMS_SCHEDULER_THREAD_YIELD) {
    CHECK(parameter == &list);
    ++yields;
  }
  if (reason == UMS_SCHEDULER_THREAD_END && --left == 0) pthread_exit(NULL);
  if (next == 0) CHECK(dequeue_ums_completion_list_items(list, &next) == 0);
  const ums_context_t worker = next;
  next = get_next_ums_list_item(worker);
  CHECK(next >= 0);
  CHECK(execute_ums_thread(worker) == 0);
}

static void* schedule_all(void* unused) {
  ums_scheduler_startup_info_t info = {list, schedule, &left};
  enter_ums_scheduling_mode(&info);
  fprintf(stderr, "library_client: enter_ums_scheduling_mode returned (errno %d)\n", errno);
  _exit(1);
  return unused;
}

static void run_workers(void) {
  pthread_t workers[kWorkers];
  pthread_t scheduler;
  left = kWorkers;
  yields = 0;
  CHECK(create_ums_completion_list(&list) == 0 && list > 0);
  ums_attr_t attributes = {list, NULL};
  for (int i = 0; i < kWorkers; ++i) {
    CHECK(ums_pthread_create(&workers[i], &attributes, work, &list) == 0);
  }
  CHECK(pthread_create(&scheduler, NULL, schedule_all, NULL) == 0);
  for (int i = 0; i < kWorkers; ++i) {
    void* result = NULL;
    CHECK(pthread_join(workers[i], &result) == 0 && result == &list);
  }
  CHECK(pthread_join(scheduler, NULL) == 0);
  CHECK(yields == kWorkers * kYields);
  CHECK(delete_ums_completion_list(&list) == 0 && list == 0);
}

static int is_mapped(const char* word) {
  char line[4096];
  int found = 0;
  FILE* const maps = fopen("/proc/self/maps", "r");
  CHECK(maps != NULL);
  while (fgets(line, sizeof line, maps) != NULL) found |= strstr(line, word) != NULL;
  fclose(maps);
  return found;
}

/* Whose functions the program uses. */
static void check_library(const char* word, const char* place) {
  Dl_info info;
  CHECK(dladdr((void*)(uintptr_t)&create_ums_completion_list, &info) != 0);
  const int preloaded = strstr(info.dli_fname, "libums-preload.so") != NULL;
  CHECK(preloaded == (strcmp(place, "part") != 0));
  CHECK(is_mapped(word) == (strcmp(place, "loaded") == 0));
  /* Who asks for the library by its name gets the one that is there. */
  void* const library = dlopen("libums.so.0", RTLD_NOW);
  CHECK(library != NULL);
  CHECK(dladdr(dlsym(library, "create_ums_completion_list"), &info) != 0);
  CHECK(strstr(info.dli_fname, "libums-preload.so") != NULL);
}

static void* use_list(void* unused) {
  ums_completion_list_t mine;
  CHECK(create_ums_completion_list(&mine) == 0 && delete_ums_completion_list(&mine) == 0);
  return unused;
}

/* The library's file is the main thread's, which loaded it, whoever uses it first. */
static void check_opened_at_load(void) {
  pthread_t user;
  CHECK(pthread_create(&user, NULL, use_list, NULL) == 0 && pthread_join(user, NULL) == 0);
  CHECK(open("/dev/ums", O_RDONLY) == -1 && errno == ENOMEM);
}

int main(int count, char** words) {
  CHECK(count == 3);
  check_library(words[1], words[2]);
  if (strcmp(words[2], "absent") == 0) check_opened_at_load();
  run_workers();
  const pid_t child = fork();
  if (child == 0) {
    run_workers();
    _exit(0);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  run_workers();
  return 0;
}
