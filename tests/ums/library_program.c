// SPDX-License-Identifier: Apache-2.0
//
// library_program COMMAND...: a program of ums.h alone, linked with another build of the library
// than this project's. Two workers take turns, and two more in a forked child. Before the first
// ones do, COMMAND runs while a scheduler has both dequeued. Its environment names them: UMS_PID,
// UMS_SCHEDULER, UMS_WORKER_1, UMS_WORKER_2.
//
// Prints the libraries of that name which are loaded, and the turns. Exits with 0, or says what
// went wrong.
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ums.h>
#include <unistd.h>

enum { WORKERS = 2, TURNS = 3 };

static char* words[WORKERS] = {"tick", "tock"};
static ums_completion_list_t list;
static pthread_t threads[WORKERS];
static ums_context_t workers[WORKERS];
static char** command;  // none in the child

static void check(int succeeded, const char* what) {
  if (succeeded) return;
  fprintf(stderr, "library_program: %s: %s\n", what, strerror(errno));
  _exit(1);
}

static void* work(void* word) {
  for (int i = 0; i < TURNS; i++) {
    puts(word);
    check(ums_thread_yield(word) == 0, "yield");
  }
  return word;
}

// The only worker in the list.
static ums_context_t take(void) {
  ums_context_t worker = 0;
  check(dequeue_ums_completion_list_items(list, &worker) == 0 && worker > 0, "dequeue");
  check(get_next_ums_list_item(worker) == 0, "end of the batch");
  return worker;
}

static void name(const char* variable, pid_t thread) {
  char text[20];
  snprintf(text, sizeof text, "%d", (int)thread);
  setenv(variable, text, 1);
}

static void run_command(void) {
  name("UMS_PID", getpid());
  name("UMS_SCHEDULER", gettid());
  name("UMS_WORKER_1", workers[0]);
  name("UMS_WORKER_2", workers[1]);
  fflush(stdout);
  pid_t child = -1;
  // Not by fork: the library opens the device in the child of one.
  check(posix_spawnp(&child, command[0], NULL, NULL, command, environ) == 0, command[0]);
  int status = -1;
  check(waitpid(child, &status, 0) == child && status == 0, "the command");
}

static void start_workers(void) {
  ums_attr_t attributes = {list, NULL};
  for (int i = 0; i < WORKERS; i++) {
    check(ums_pthread_create(&threads[i], &attributes, work, words[i]) == 0, "worker");
    workers[i] = take();
  }
}

// They take turns: `turn` is whose is next, and who has yielded last is in the list again.
static void schedule(ums_reason_t reason, ums_activation_t* activation, void* parameter) {
  static int turn;
  static int left;
  if (reason == UMS_SCHEDULER_STARTUP) {
    start_workers();
    turn = 0;
    left = WORKERS;
    if (command != NULL) run_command();
  } else {
    const int last = 1 - turn;
    check(activation->context == workers[last], "who was executed");
    if (reason == UMS_SCHEDULER_THREAD_YIELD) {
      check(parameter == words[last] && take() == workers[last], "what was yielded");
    } else if (--left == 0) {
      pthread_exit(NULL);
    }
  }
  const ums_context_t worker = workers[turn];
  turn = 1 - turn;
  check(execute_ums_thread(worker) == 0, "execute");
}

static void* schedule_all(void* unused) {
  ums_scheduler_startup_info_t info = {list, schedule, unused};
  enter_ums_scheduling_mode(&info);
  check(0, "scheduling mode");
  return NULL;
}

static void take_turns(void) {
  pthread_t scheduler;
  check(create_ums_completion_list(&list) == 0, "list");
  check(pthread_create(&scheduler, NULL, schedule_all, NULL) == 0, "scheduler");
  check(pthread_join(scheduler, NULL) == 0, "end of the scheduler");
  for (int i = 0; i < WORKERS; i++) {
    void* word = NULL;
    check(pthread_join(threads[i], &word) == 0 && word == words[i], "end of a worker");
  }
  check(delete_ums_completion_list(&list) == 0, "delete");
  fflush(stdout);
}

// The file names of the mapped libraries, each once.
static void print_libraries(void) {
  char line[4096];
  char last[4096] = "";
  FILE* const maps = fopen("/proc/self/maps", "r");
  check(maps != NULL, "/proc/self/maps");
  while (fgets(line, sizeof line, maps) != NULL) {
    const char* const file = strstr(line, "/libums");
    if (file == NULL || strcmp(file, last) == 0) continue;
    printf("%s", file + 1);
    strcpy(last, file);
  }
  fclose(maps);
  fflush(stdout);
}

int main(int count, char** arguments) {
  if (count < 2) return 2;
  print_libraries();
  command = arguments + 1;
  take_turns();
  command = NULL;
  const pid_t child = fork();
  if (child == 0) {
    take_turns();
    return 0;
  }
  int status = -1;
  check(waitpid(child, &status, 0) == child && status == 0, "the child");
  return 0;
}
