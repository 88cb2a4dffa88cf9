// SPDX-License-Identifier: Apache-2.0
//
// Several schedulers share one completion list, each on a CPU of its own. A worker that yields goes
// back to the list and is next executed by whoever takes it, so workers wander between the CPUs.
//
// How they all leave: of several schedulers that wait in an empty list, one gets the next worker.
// So the scheduler that sees the last worker end creates one that does nothing, for another
// scheduler; that one sees it end, and does the same, until none is left.
//
//     cc -D_GNU_SOURCE shared_list_affinity.c $(pkg-config --cflags --libs libums) && ./a.out
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <ums.h>

enum { WORKERS = 24, YIELDS = 200, SCHEDULERS_MAX = 8 };

struct scheduler {
  pthread_t thread;
  size_t cpu;
  long executed;  // how many turns it gave
};

static ums_completion_list_t list;
static struct scheduler schedulers[SCHEDULERS_MAX];
static atomic_int schedulers_left;
static atomic_int workers_left = WORKERS;
static atomic_int wrong_cpu;
static atomic_uint sum;                       // of what the workers computed
static _Thread_local struct scheduler* self;  // of a scheduler's own thread

static void check(int ok, const char* what) {
  if (ok) return;
  perror(what);
  exit(1);
}

// Some microseconds of work. Returns what it gets, 20,000 steps on.
static unsigned compute(unsigned value) {
  for (int i = 0; i < 20000; i++) value = value * 1103515245 + 12345;
  return value;
}

static void* work(void* unused) {
  unsigned value = 1;
  for (int i = 0; i < YIELDS; i++) {
    value = compute(value);
    check(ums_thread_yield(NULL) == 0, "ums_thread_yield");
  }
  atomic_fetch_add(&sum, value);
  return unused;
}

static void* do_nothing(void* unused) { return unused; }

static void create_worker(void* (*function)(void*)) {
  pthread_attr_t detached;
  pthread_t thread;
  ums_attr_t attributes = {list, &detached};
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  check(ums_pthread_create(&thread, &attributes, function, NULL) == 0, "ums_pthread_create");
  pthread_attr_destroy(&detached);
}

static _Noreturn void leave(void) {
  if (atomic_fetch_sub(&schedulers_left, 1) > 1) create_worker(do_nothing);
  pthread_exit(NULL);
}

static void schedule(ums_reason_t reason, ums_activation_t* activation, void* param) {
  static _Thread_local ums_context_t next_worker;  // of this scheduler's batch
  (void)activation;
  if (reason == UMS_SCHEDULER_STARTUP) self = param;
  if (reason == UMS_SCHEDULER_THREAD_END && atomic_fetch_sub(&workers_left, 1) <= 1) leave();

  if (next_worker == 0) {
    check(dequeue_ums_completion_list_items(list, &next_worker) == 0, "dequeue");
  }
  const ums_context_t worker = next_worker;
  next_worker = get_next_ums_list_item(worker);
  if ((size_t)sched_getcpu() != self->cpu) wrong_cpu = 1;
  self->executed++;
  check(execute_ums_thread(worker) == 0, "execute_ums_thread");
}

static void* scheduler_main(void* argument) {
  const struct scheduler* me = argument;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(me->cpu, &one);
  check(sched_setaffinity(0, sizeof one, &one) == 0, "sched_setaffinity");
  ums_scheduler_startup_info_t info = {list, schedule, argument};
  enter_ums_scheduling_mode(&info);
  check(0, "enter_ums_scheduling_mode");
  return NULL;
}

// One scheduler for each CPU that this process may use.
static int choose_cpus(void) {
  cpu_set_t allowed;
  int count = 0;
  check(sched_getaffinity(0, sizeof allowed, &allowed) == 0, "sched_getaffinity");
  for (size_t cpu = 0; cpu < CPU_SETSIZE && count < SCHEDULERS_MAX; cpu++) {
    if (CPU_ISSET(cpu, &allowed)) schedulers[count++].cpu = cpu;
  }
  return count;
}

int main(void) {
  const int count = choose_cpus();
  long executed = 0;

  check(create_ums_completion_list(&list) == 0, "create_ums_completion_list");
  schedulers_left = count;
  for (int i = 0; i < WORKERS; i++) create_worker(work);
  for (int i = 0; i < count; i++) {
    struct scheduler* const scheduler = &schedulers[i];
    check(pthread_create(&scheduler->thread, NULL, scheduler_main, scheduler) == 0, "create");
  }
  for (int i = 0; i < count; i++) {
    pthread_join(schedulers[i].thread, NULL);
    printf("CPU %zu: %ld turns\n", schedulers[i].cpu, schedulers[i].executed);
    executed += schedulers[i].executed;
  }
  check(delete_ums_completion_list(&list) == 0, "delete_ums_completion_list");

  unsigned value = 1;
  for (int i = 0; i < YIELDS; i++) value = compute(value);
  if (sum != WORKERS * value) return 1;

  // Each worker has one turn more than it yields; each scheduler but the first to leave has one
  // turn for the worker that tells it to.
  return wrong_cpu || executed != WORKERS * (YIELDS + 1) + count - 1;
}
