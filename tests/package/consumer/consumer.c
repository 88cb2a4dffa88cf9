// SPDX-License-Identifier: Apache-2.0
//
// The smallest program with the installed library: one worker, run by one scheduler. Exits 0 when
// the worker has yielded once and ended.
#include <pthread.h>
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

static void schedule(ums_reason_t reason, ums_activation_t* activation, void* param) {
  ums_context_t worker;
  if (reason == UMS_SCHEDULER_THREAD_END) exit(turns == 2 ? 0 : 1);
  if (reason == UMS_SCHEDULER_THREAD_YIELD && param != &turns) exit(2);
  if (reason == UMS_SCHEDULER_STARTUP && activation != NULL) exit(2);
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
