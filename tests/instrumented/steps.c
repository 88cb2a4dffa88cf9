/* SPDX-License-Identifier: Apache-2.0 */
#include "instrumented/steps.h"

#include <sched.h>

#define STEP __attribute__((noinline))

STEP int read_int(const int* place) { return *place; }
STEP void write_int(int* place, int value) { *place = value; }
STEP void write_char(char* place, char value) { *place = value; }
STEP void increment(int* place) { ++*place; }

STEP void increment_in_call(int* place) {
  increment(place);
  __asm__ volatile(""); /* it is a call, not a jump */
}

STEP int load(const int* place) { return __atomic_load_n(place, __ATOMIC_SEQ_CST); }
STEP int load_acquire(const int* place) { return __atomic_load_n(place, __ATOMIC_ACQUIRE); }
STEP int load_relaxed(const int* place) { return __atomic_load_n(place, __ATOMIC_RELAXED); }
STEP void store(int* place, int value) { __atomic_store_n(place, value, __ATOMIC_SEQ_CST); }
STEP void store_release(int* place, int value) { __atomic_store_n(place, value, __ATOMIC_RELEASE); }
STEP void store_relaxed(int* place, int value) { __atomic_store_n(place, value, __ATOMIC_RELAXED); }
STEP int add_relaxed(int* place, int value) {
  return __atomic_fetch_add(place, value, __ATOMIC_RELAXED);
}
STEP void fence_acquire(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }
STEP void fence_release(void) { __atomic_thread_fence(__ATOMIC_RELEASE); }

STEP void wait_for(const int* place) {
  while (__atomic_load_n(place, __ATOMIC_ACQUIRE) == 0) {
  }
}

STEP void wait_for_yielding(const int* place) {
  while (__atomic_load_n(place, __ATOMIC_ACQUIRE) == 0) sched_yield();
}

STEP void wait_for_volatile(volatile int* place) {
  while (*place == 0) {
  }
}

STEP void spin_lock(int* lock) {
  while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0) {
  }
}

STEP void spin_unlock(int* lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

STEP void add_wide(void* place) {
  __extension__ typedef unsigned __int128 Wide;
  __atomic_fetch_add((Wide*)place, ((Wide)1 << 64) + 1, __ATOMIC_SEQ_CST);
}

struct Bytes {
  char bytes[100];
};

STEP void copy_bytes(char* to, const char* from) {
  *(struct Bytes*)to = *(const struct Bytes*)from;
}
