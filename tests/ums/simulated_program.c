// SPDX-License-Identifier: Apache-2.0
//
// simulated_program: threads that print in which order they take a mutex. `deadlock`: they take two
// mutexes in opposite order, which ends in some executions only. `leave`: the first thread ends
// before the others. `join`: so it does, and another joins it.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t two = PTHREAD_MUTEX_INITIALIZER;

static void* take_turns(void* name) {
  for (int i = 0; i < 5; ++i) {
    pthread_mutex_lock(&one);
    fputs(name, stdout);
    pthread_mutex_unlock(&one);
  }
  return NULL;
}

static void* lock_both(void* two_first) {
  pthread_mutex_t* first = two_first != NULL ? &two : &one;
  pthread_mutex_t* second = two_first != NULL ? &one : &two;
  pthread_mutex_lock(first);
  pthread_mutex_lock(second);
  pthread_mutex_unlock(second);
  pthread_mutex_unlock(first);
  return NULL;
}

static void* join_first(void* first) {
  void* value = NULL;
  const int error = pthread_join(*(pthread_t*)first, &value);
  if (error != 0 || value != first) exit(1);
  fputs("joined", stdout);
  return NULL;
}

static void leave_and_be_joined(void) {
  static pthread_t self;
  self = pthread_self();
  if (pthread_join(self, NULL) != EDEADLK) exit(1);
  pthread_t joiner;
  pthread_create(&joiner, NULL, join_first, &self);
  pthread_exit(&self);
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "join") == 0) leave_and_be_joined();
  pthread_t a;
  pthread_t b;
  const int deadlocks = argc > 1 && strcmp(argv[1], "deadlock") == 0;
  pthread_create(&a, NULL, deadlocks ? lock_both : take_turns, deadlocks ? NULL : "a");
  pthread_create(&b, NULL, deadlocks ? lock_both : take_turns, "b");
  if (argc > 1 && strcmp(argv[1], "leave") == 0) pthread_exit(NULL);
  pthread_join(a, NULL);
  pthread_join(b, NULL);
  puts("");
  return 0;
}
