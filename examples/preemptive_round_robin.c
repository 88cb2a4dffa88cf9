// SPDX-License-Identifier: Apache-2.0
//
// Preemption: the workers never yield by themselves. A timer signals the scheduler's thread every
// two milliseconds; the handler interrupts whichever worker runs there, and yields on its behalf.
// Each worker waits, in a loop without any call, until all the others have counted far enough:
// without preemption the first would run for ever.
//
// What such a handler needs:
// - The signal is not blocked while the handler runs: the mask belongs to the scheduler's thread,
//   so it would stay blocked there while the handler of a suspended worker waits. SA_NODEFER does
//   it, but where a library stands between (ThreadSanitizer's); so the handler unblocks it too.
// - A worker must be preempted only where it holds nothing that others need: inside malloc or
//   printf it holds a lock. `preemptible` says where; it is thread-local, and so the worker's own.
// - The same variable keeps the handler away from the scheduler, which is nobody's worker, and from
//   a yield in progress (which would fail with EBUSY, and do no harm).
//
//     cc -D_GNU_SOURCE preemptive_round_robin.c $(pkg-config --cflags --libs libums) && ./a.out
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <ums.h>
#include <unistd.h>

enum { WORKERS = 3, ENOUGH = 1000000, PERIOD_NS = 2000000 };

static ums_completion_list_t list;
static atomic_long counters[WORKERS];
static volatile sig_atomic_t preemptions;
static sigset_t preempting;  // the signal that does it
static _Thread_local volatile sig_atomic_t preemptible;

static void check(int ok, const char* what) {
  if (ok) return;
  perror(what);
  exit(1);
}

// ---- the workers

static void preempt(int signal_number) {
  (void)signal_number;
  if (!preemptible) return;
  const int saved_errno = errno;
  preemptible = 0;
  preemptions++;
  pthread_sigmask(SIG_UNBLOCK, &preempting, NULL);
  ums_thread_yield(NULL);
  preemptible = 1;
  errno = saved_errno;
}

static int all_have_counted(void) {
  for (int i = 0; i < WORKERS; i++) {
    if (counters[i] < ENOUGH) return 0;
  }
  return 1;
}

static void* work(void* own_counter) {
  atomic_long* const counter = own_counter;
  preemptible = 1;
  while (!all_have_counted()) ++*counter;
  preemptible = 0;
  return NULL;
}

// ---- the scheduler

// Sends SIGUSR1 to the calling thread, again and again.
static timer_t start_timer(void) {
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
  event._sigev_un._tid = gettid();
  const struct timespec period = {0, PERIOD_NS};
  const struct itimerspec schedule = {period, period};
  timer_t timer;
  check(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "timer_create");
  check(timer_settime(timer, 0, &schedule, NULL) == 0, "timer_settime");
  return timer;
}

static void schedule(ums_reason_t reason, ums_activation_t* activation, void* param) {
  static int workers_left = WORKERS;
  static ums_context_t next_worker;
  static timer_t timer;
  (void)activation;
  (void)param;
  if (reason == UMS_SCHEDULER_STARTUP) timer = start_timer();
  if (reason == UMS_SCHEDULER_THREAD_END && --workers_left == 0) {
    timer_delete(timer);
    pthread_exit(NULL);
  }
  // A signal handler that runs while we wait in an empty list ends the wait.
  while (next_worker == 0 && dequeue_ums_completion_list_items(list, &next_worker) != 0) {
    check(errno == EINTR, "dequeue");
  }
  const ums_context_t worker = next_worker;
  next_worker = get_next_ums_list_item(worker);
  check(execute_ums_thread(worker) == 0, "execute_ums_thread");
}

static void* scheduler_main(void* unused) {
  ums_scheduler_startup_info_t info = {list, schedule, unused};
  enter_ums_scheduling_mode(&info);
  check(0, "enter_ums_scheduling_mode");
  return NULL;
}

int main(void) {
  pthread_t workers[WORKERS];
  pthread_t scheduler;
  struct sigaction action = {.sa_handler = preempt, .sa_flags = SA_NODEFER};

  sigemptyset(&preempting);
  sigaddset(&preempting, SIGUSR1);
  check(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
  check(create_ums_completion_list(&list) == 0, "create_ums_completion_list");
  ums_attr_t attributes = {list, NULL};
  for (int i = 0; i < WORKERS; i++) {
    check(ums_pthread_create(&workers[i], &attributes, work, &counters[i]) == 0, "create");
  }
  check(pthread_create(&scheduler, NULL, scheduler_main, NULL) == 0, "pthread_create");
  for (int i = 0; i < WORKERS; i++) pthread_join(workers[i], NULL);
  pthread_join(scheduler, NULL);
  check(delete_ums_completion_list(&list) == 0, "delete_ums_completion_list");

  for (int i = 0; i < WORKERS; i++) printf("worker %d counted to %ld\n", i, counters[i]);
  printf("%d preemptions\n", (int)preemptions);
  return preemptions < WORKERS - 1;
}
