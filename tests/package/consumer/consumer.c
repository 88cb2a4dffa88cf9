// SPDX-License-Identifier: Apache-2.0
//
// The smallest program with the installed library: one worker, run by one scheduler. Exits 0 when
// the worker has yielded once and ended, and the scheduler has the signal mask that it has set.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <ums.h>

static ums_completion_list_t list;
static int turns;

static void* work(void* arg) {
  turns++;
  ums_thread_yield(&turns);
  turns++;
  return arg;
}

// The scheduler sees to it that SIGUSR1 is blocked, however the library learns of that.
static void change_mask(void) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  if (pthread_sigmask(SIG_BLOCK, &mask, NULL) != 0) exit(8);
}

static int mask_is_changed(void) {
  sigset_t mask;
  return pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, SIGUSR1) == 1;
}

static void schedule(ums_reason_t reason, ums_activation_t* activation, void* param) {
  ums_context_t worker;
  if (reason == UMS_SCHEDULER_THREAD_END) exit(turns != 2 ? 1 : mask_is_changed() ? 0 : 9);
  if (reason == UMS_SCHEDULER_THREAD_YIELD && param != &turns) exit(2);
  if (reason == UMS_SCHEDULER_STARTUP && activation != NULL) exit(2);
  if (reason == UMS_SCHEDULER_STARTUP) change_mask();
  if (dequeue_ums_completion_list_items(list, &worker) != 0) exit(3);
  if (execute_ums_thread(worker) != 0) exit(4);
}

int main(void) {
  if (create_ums_completion_list(&list) != 0) return 5;
  pthread_t thread;
  ums_attr_t attr = {list, NULL};
  if (ums_pthread_create(&thread, &attr, work, NULL) != 0) return 6;
  ums_scheduler_startup_info_t info = {list, schedule, NULL};
  enter_ums_scheduling_mode(&info);
  return 7;
}
