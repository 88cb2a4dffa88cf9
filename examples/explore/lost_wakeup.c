// SPDX-License-Identifier: Apache-2.0
//
// A scheduler with a planted bug, for `ums explore` to find: a worker serves requests that a client
// makes, and while there is none its scheduler sleeps. It looks, and then it goes to sleep; a
// request that comes between the two wakes nobody, and the program stands still. On a real machine
// that happens once in a great many runs.
//
//     cc -g lost_wakeup.c $(pkg-config --cflags --libs libums) -o lost_wakeup
//     ums explore -- ./lost_wakeup
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <ums.h>

enum { REQUESTS = 3 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t request_came = PTHREAD_COND_INITIALIZER;
static int requests;  // that wait to be served; under the lock

static ums_completion_list_t list;

static void check(int ok, const char* what) {
  if (ok) return;
  perror(what);
  abort();
}

// ---- the client

static void* make_requests(void* unused) {
  for (int i = 0; i < REQUESTS; i++) {
    pthread_mutex_lock(&lock);
    requests++;
    pthread_cond_signal(&request_came);
    pthread_mutex_unlock(&lock);
  }
  return unused;
}

// ---- the worker

static int take_request(void) {
  pthread_mutex_lock(&lock);
  const int taken = requests > 0;
  requests -= taken;
  pthread_mutex_unlock(&lock);
  return taken;
}

static void* serve(void* unused) {
  for (int served = 0; served < REQUESTS; served++) {
    while (!take_request()) check(ums_thread_yield(NULL) == 0, "ums_thread_yield");
  }
  return unused;
}

// ---- the scheduler

static int is_idle(void) {
  pthread_mutex_lock(&lock);
  const int idle = requests == 0;
  pthread_mutex_unlock(&lock);
  return idle;
}

static void sleep_until_request(void) {
  pthread_mutex_lock(&lock);
  pthread_cond_wait(&request_came, &lock);  // the bug: it should look again, with the lock held
  pthread_mutex_unlock(&lock);
}

static void schedule(ums_reason_t reason, ums_activation_t* activation, void* param) {
  ums_context_t worker;
  (void)activation;
  (void)param;
  if (reason == UMS_SCHEDULER_THREAD_END) pthread_exit(NULL);
  if (is_idle()) sleep_until_request();
  check(dequeue_ums_completion_list_items(list, &worker) == 0, "dequeue");
  check(execute_ums_thread(worker) == 0, "execute_ums_thread");
}

static void* scheduler_main(void* unused) {
  ums_scheduler_startup_info_t info = {list, schedule, unused};
  enter_ums_scheduling_mode(&info);
  check(0, "enter_ums_scheduling_mode");
  return NULL;
}

int main(void) {
  pthread_t client, worker, scheduler;
  check(create_ums_completion_list(&list) == 0, "create_ums_completion_list");
  ums_attr_t attributes = {list, NULL};
  check(ums_pthread_create(&worker, &attributes, serve, NULL) == 0, "ums_pthread_create");
  check(pthread_create(&scheduler, NULL, scheduler_main, NULL) == 0, "pthread_create");
  check(pthread_create(&client, NULL, make_requests, NULL) == 0, "pthread_create");
  pthread_join(client, NULL);
  pthread_join(worker, NULL);
  pthread_join(scheduler, NULL);
  printf("%d requests were served\n", REQUESTS);
  return 0;
}
