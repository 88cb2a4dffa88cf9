/* SPDX-License-Identifier: Apache-2.0
 *
 * The instrumented parts of these tests: accesses of memory, by functions that the compiler has not
 * put into their callers. C, so that no template of the standard library is compiled twice. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

int read_int(const int* place);
void write_int(int* place, int value);
void write_char(char* place, char value);
void increment(int* place);         /* a read and a write */
void increment_in_call(int* place); /* by increment() */

int load(const int* place); /* sequentially consistent */
int load_acquire(const int* place);
int load_relaxed(const int* place);
void store(int* place, int value);
void store_release(int* place, int value);
void store_relaxed(int* place, int value);
int add_relaxed(int* place, int value);
void fence_acquire(void);
void fence_release(void);

void wait_for(const int* place);          /* until it is not 0 */
void wait_for_yielding(const int* place); /* the same, with sched_yield() */
void wait_for_volatile(volatile int* place);
void spin_lock(int* lock); /* by exchanges */
void spin_unlock(int* lock);

/* Sixteen bytes, and what libraries' wide functions do. */
void add_wide(void* place);
void copy_bytes(char* to, const char* from);

#ifdef __cplusplus
}
#endif
