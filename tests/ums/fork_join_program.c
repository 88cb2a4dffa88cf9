// SPDX-License-Identifier: Apache-2.0
//
// fork_join_program: 64 threads that compute for 1 ms each. `cpus`: prints how many there are, and
// on how many it may be. `race`: fails where a thread is faster than one that has less to do.
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <ums/ums_sim.h>
#include <unistd.h>

static const char* order[2];
static int count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void* compute(void* unused) {
  ums_sim_compute(1000000);
  return unused;
}

static void* come(void* name) {
  ums_sim_compute(strcmp(name, "slow") == 0 ? 2000000 : 1000000);
  pthread_mutex_lock(&mutex);
  order[count++] = name;
  pthread_mutex_unlock(&mutex);
  return NULL;
}

static int race(void) {
  pthread_t slow;
  pthread_t fast;
  pthread_create(&slow, NULL, come, "slow");
  pthread_create(&fast, NULL, come, "fast");
  pthread_join(slow, NULL);
  pthread_join(fast, NULL);
  return strcmp(order[0], "fast") == 0 ? 0 : 3;
}

static int print_cpus(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  printf("%ld %d\n", sysconf(_SC_NPROCESSORS_ONLN), CPU_COUNT(&set));
  return 0;
}

int main(int argc, char** argv) {
  pthread_t threads[64];
  if (argc > 1) return strcmp(argv[1], "race") == 0 ? race() : print_cpus();
  for (int i = 0; i < 64; ++i) pthread_create(&threads[i], NULL, compute, NULL);
  for (int i = 0; i < 64; ++i) pthread_join(threads[i], NULL);
  return 0;
}
