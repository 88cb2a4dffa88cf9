// SPDX-License-Identifier: Apache-2.0
//
// What ums-bench-client measures of the UMS calls, as a program of a kernel process.
//
// Thread safety: the main thread, one in a process: they leave threads behind.
#pragma once

namespace ums::bench {

// One successful call, in nanoseconds: DELETE, without user memory; CREATE, which is given a
// number; NEXT, which reads its argument and writes a result.
double measure_delete();
double measure_create();
double measure_next();

// One full cycle, in nanoseconds: YIELD, DQEVENT, DEQUEUE, NEXT, EXEC by two workers in turn.
double measure_cycle();

// The kernel process's resident memory for one of two thousand suspended calls, in bytes.
double measure_memory();

}  // namespace ums::bench
