// SPDX-License-Identifier: Apache-2.0
//
// Round robin: the scheduler keeps a queue of its own, and gives each worker one turn after the
// other. It waits until all workers have arrived before it runs the first, so that every round has
// the same order.
//
//     cc round_robin.c $(pkg-config --cflags --libs libums) -o round_robin && ./round_robin
#include <stdio.h>
#include <stdlib.h>
#include <ums.h>

enum { WORKERS = 4, ROUNDS = 5 };

static ums_completion_list_t list;
static int turns[WORKERS * ROUNDS];  // whose turn it was
static int turns_count;

static void check(int ok, const char* what) {
  if (ok) return;
  perror(what);
  exit(1);
}

// ---- the workers

static void* work(void* number) {
  for (int round = 0; round < ROUNDS; round++) {
    turns[turns_count++] = *(int*)number;  // one worker runs at a time: no lock is needed
    check(ums_thread_yield(NULL) == 0, "ums_thread_yield");
  }
  return NULL;
}

// ---- the scheduler: a ring of workers that can run

static ums_context_t queue[WORKERS];
static unsigned queue_head, queue_tail;

static int queue_length(void) { return (int)(queue_tail - queue_head); }

// Moves the workers that are in the completion list to the queue; waits if there are none.
static void collect(void) {
  ums_context_t worker;
  check(dequeue_ums_completion_list_items(list, &worker) == 0, "dequeue");
  for (; worker > 0; worker = get_next_ums_list_item(worker)) {
    queue[queue_tail++ % WORKERS] = worker;
  }
}

static void schedule(ums_reason_t reason, ums_activation_t* activation, void* param) {
  static int workers_left = WORKERS;
  (void)activation;
  (void)param;
  switch (reason) {
    case UMS_SCHEDULER_STARTUP:
      while (queue_length() < WORKERS) collect();
      break;
    case UMS_SCHEDULER_THREAD_YIELD:
      collect();  // the worker that yielded is there
      break;
    case UMS_SCHEDULER_THREAD_END:
      if (--workers_left == 0) pthread_exit(NULL);
      break;
  }
  check(execute_ums_thread(queue[queue_head++ % WORKERS]) == 0, "execute_ums_thread");
}

static void* scheduler_main(void* unused) {
  ums_scheduler_startup_info_t info = {list, schedule, unused};
  enter_ums_scheduling_mode(&info);
  check(0, "enter_ums_scheduling_mode");
  return NULL;
}

int main(void) {
  static int numbers[WORKERS];
  pthread_t workers[WORKERS];
  pthread_t scheduler;

  check(create_ums_completion_list(&list) == 0, "create_ums_completion_list");
  ums_attr_t attributes = {list, NULL};
  for (int i = 0; i < WORKERS; i++) {
    numbers[i] = i;
    check(ums_pthread_create(&workers[i], &attributes, work, &numbers[i]) == 0, "create");
  }
  check(pthread_create(&scheduler, NULL, scheduler_main, NULL) == 0, "pthread_create");
  for (int i = 0; i < WORKERS; i++) pthread_join(workers[i], NULL);
  pthread_join(scheduler, NULL);
  check(delete_ums_completion_list(&list) == 0, "delete_ums_completion_list");

  int wrong = turns_count != WORKERS * ROUNDS;
  for (int i = 0; i < turns_count; i++) {
    printf("%d%s", turns[i], i % WORKERS == WORKERS - 1 ? "\n" : " ");
    if (turns[i] != turns[i % WORKERS]) wrong = 1;  // every round as the first
  }
  return wrong;
}
