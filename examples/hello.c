// SPDX-License-Identifier: Apache-2.0
//
// Hello: two workers, one scheduler. Each worker greets, yields, and greets again; the scheduler
// runs whoever waits in the list, and leaves after the second has ended. A worker comes to the list
// from its own new thread: both mostly do in time to greet in turn, but AABB is right too. See
// round_robin.c for a scheduler that waits for all.
//
//     cc hello.c $(pkg-config --cflags --libs libums) -o hello && ./hello
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ums.h>

enum { WORKERS = 2 };

static ums_completion_list_t list;
static int workers_left = WORKERS;
static ums_context_t next_worker;  // of the batch at hand; 0: none is left
static char greetings[64];         // who spoke, in order

static void check(int ok, const char* what) {
  if (ok) return;
  perror(what);
  exit(1);
}

static void greet(const char* name) {
  printf("hello from %s\n", name);
  strcat(greetings, name);
}

// A worker is an ordinary thread: it runs until it yields.
static void* work(void* name) {
  greet(name);
  check(ums_thread_yield(NULL) == 0, "ums_thread_yield");
  greet(name);
  return NULL;
}

// Called when the scheduler starts, and each time that a worker has yielded or ended.
static void schedule(ums_reason_t reason, ums_activation_t* activation, void* param) {
  (void)activation;
  (void)param;
  if (reason == UMS_SCHEDULER_THREAD_END && --workers_left == 0) pthread_exit(NULL);
  if (next_worker == 0) {
    check(dequeue_ums_completion_list_items(list, &next_worker) == 0, "dequeue");
  }
  const ums_context_t worker = next_worker;
  next_worker = get_next_ums_list_item(worker);
  check(next_worker >= 0, "get_next_ums_list_item");
  check(execute_ums_thread(worker) == 0, "execute_ums_thread");
}

static void* scheduler_main(void* unused) {
  ums_scheduler_startup_info_t info = {list, schedule, unused};
  enter_ums_scheduling_mode(&info);
  check(0, "enter_ums_scheduling_mode");  // returns only on failure
  return NULL;
}

int main(void) {
  static char names[WORKERS][2] = {"A", "B"};
  pthread_t workers[WORKERS];
  pthread_t scheduler;

  check(create_ums_completion_list(&list) == 0, "create_ums_completion_list");
  ums_attr_t attributes = {list, NULL};
  for (int i = 0; i < WORKERS; i++) {
    check(ums_pthread_create(&workers[i], &attributes, work, names[i]) == 0, "ums_pthread_create");
  }
  check(pthread_create(&scheduler, NULL, scheduler_main, NULL) == 0, "pthread_create");

  for (int i = 0; i < WORKERS; i++) pthread_join(workers[i], NULL);
  pthread_join(scheduler, NULL);
  check(delete_ums_completion_list(&list) == 0, "delete_ums_completion_list");

  printf("in this order: %s\n", greetings);
  return strlen(greetings) == 4 ? 0 : 1;  // in any order
}
