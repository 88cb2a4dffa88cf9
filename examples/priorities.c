// SPDX-License-Identifier: Apache-2.0
//
// Priorities: a scheduler runs the worker with the highest priority first. Workers tell it theirs
// with the parameter of ums_thread_yield, which is any pointer the two agree on: here a struct that
// says who yields, and how urgent it is.
//
//     cc priorities.c $(pkg-config --cflags --libs libums) -o priorities && ./priorities
#include <stdio.h>
#include <stdlib.h>
#include <ums.h>

enum { WORKERS = 5, TURNS = 3 };

struct job {
  int priority;
  ums_context_t context;  // 0 until the scheduler has heard of it, and when it has ended
};

static ums_completion_list_t list;
static struct job jobs[WORKERS];
static int ran[WORKERS * TURNS];  // the priority of each turn
static int ran_count;

static void check(int ok, const char* what) {
  if (ok) return;
  perror(what);
  exit(1);
}

static void* work(void* argument) {
  struct job* job = argument;
  check(ums_thread_yield(job) == 0, "ums_thread_yield");  // introduces itself
  for (int turn = 0; turn < TURNS; turn++) {
    ran[ran_count++] = job->priority;
    check(ums_thread_yield(job) == 0, "ums_thread_yield");
  }
  return NULL;
}

// ---- the scheduler

// Moves the workers that are in the completion list to `found`; waits if there are none. Returns
// how many they were.
static int collect(ums_context_t* found) {
  int count = 0;
  ums_context_t worker;
  check(dequeue_ums_completion_list_items(list, &worker) == 0, "dequeue");
  for (; worker > 0; worker = get_next_ums_list_item(worker)) found[count++] = worker;
  return count;
}

// The most urgent of the jobs that have not ended.
static ums_context_t most_urgent(void) {
  const struct job* best = NULL;
  for (int i = 0; i < WORKERS; i++) {
    if (jobs[i].context == 0) continue;
    if (best == NULL || jobs[i].priority > best->priority) best = &jobs[i];
  }
  return best->context;
}

static void forget(ums_context_t context) {
  for (int i = 0; i < WORKERS; i++) {
    if (jobs[i].context == context) jobs[i].context = 0;
  }
}

static void schedule(ums_reason_t reason, ums_activation_t* activation, void* param) {
  static ums_context_t arrived[WORKERS];
  static int introduced, ended;
  struct job* job = param;

  switch (reason) {
    case UMS_SCHEDULER_STARTUP:
      for (int count = 0; count < WORKERS;) count += collect(arrived + count);
      break;
    case UMS_SCHEDULER_THREAD_YIELD:
      if (job->context == 0) introduced++;
      job->context = activation->context;
      if (introduced == WORKERS) {
        ums_context_t yielded[WORKERS];
        collect(yielded);  // known already: `jobs` has them
      }
      break;
    case UMS_SCHEDULER_THREAD_END:
      forget(activation->context);
      if (++ended == WORKERS) pthread_exit(NULL);
      break;
  }
  const ums_context_t next = introduced < WORKERS ? arrived[introduced] : most_urgent();
  check(execute_ums_thread(next) == 0, "execute_ums_thread");
}

static void* scheduler_main(void* unused) {
  ums_scheduler_startup_info_t info = {list, schedule, unused};
  enter_ums_scheduling_mode(&info);
  check(0, "enter_ums_scheduling_mode");
  return NULL;
}

int main(void) {
  static const int priorities[WORKERS] = {3, 9, 1, 7, 5};
  pthread_t workers[WORKERS];
  pthread_t scheduler;

  check(create_ums_completion_list(&list) == 0, "create_ums_completion_list");
  ums_attr_t attributes = {list, NULL};
  for (int i = 0; i < WORKERS; i++) {
    jobs[i].priority = priorities[i];
    check(ums_pthread_create(&workers[i], &attributes, work, &jobs[i]) == 0, "create");
  }
  check(pthread_create(&scheduler, NULL, scheduler_main, NULL) == 0, "pthread_create");
  for (int i = 0; i < WORKERS; i++) pthread_join(workers[i], NULL);
  pthread_join(scheduler, NULL);
  check(delete_ums_completion_list(&list) == 0, "delete_ums_completion_list");

  int wrong = ran_count != WORKERS * TURNS;
  printf("priorities, in the order of their turns:");
  for (int i = 0; i < ran_count; i++) {
    printf(" %d", ran[i]);
    if (i > 0 && ran[i] > ran[i - 1]) wrong = 1;
  }
  printf("\n");
  return wrong;
}
