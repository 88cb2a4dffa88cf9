// SPDX-License-Identifier: Apache-2.0
//
// A library that ends its threads when it is unloaded, after the program's destructors.
#include <pthread.h>

void start_threads(void);

enum { THREADS = 3 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ends = PTHREAD_COND_INITIALIZER;
static int ended;
static int started;
static pthread_t threads[THREADS];

static void* wait_for_end(void* unused) {
  pthread_mutex_lock(&mutex);
  while (!ended) pthread_cond_wait(&ends, &mutex);
  pthread_mutex_unlock(&mutex);
  return unused;
}

void start_threads(void) {
  for (; started < THREADS; ++started) {
    pthread_create(&threads[started], NULL, wait_for_end, NULL);
  }
}

__attribute__((destructor)) static void end_threads(void) {
  pthread_mutex_lock(&mutex);
  ended = 1;
  pthread_cond_broadcast(&ends);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < started; ++i) pthread_join(threads[i], NULL);
}
