// SPDX-License-Identifier: Apache-2.0
//
// BusyLoop: a task of an instrumented program that reads the same memory again and again, and finds
// the same there, as if it waited. It passes scheduling points, so that a strategy which prefers it
// would never let anybody else go on.
//
//     announce(me, ...);
//     if (!wait_in_busy_loop(me, loop)) let_others_go_on(me);
//     ... the access ...
//     note_same_or_new(me, loop, address, value);     // and who writes: note_write(address)
//
// After busy_loop_patience reads such a task waits: until somebody writes there; until others have
// made some steps, or nobody else can go on and some virtual time has passed. So a loop that counts
// to its end is only slowed down. Where nobody else can go on, no timer is set, and it has read as
// often as kBusyReadsMax, it never will: a livelock.
//
// Steps that are yields do not matter: a loop may yield in between.
//
// LIMIT: loops that look at one place only. Who reads two in turn is not noticed.
//
// Thread safety: the carrier; the current task.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <cstdint>

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

struct BusyLoop {
  const void* address = nullptr;  // null: nothing was read
  std::uint64_t value = 0;
  std::uint64_t reads = 0;                    // in a row that found the value again
  std::uint32_t steps = 0;                    // of the task until then (MachineTask)
  std::uint64_t waits = 0;                    // how often it has waited
  std::uint64_t waits_since = 0;              // which step of the simulation
  boost::intrusive::list_member_hook<> hook;  // while it waits
};

inline constexpr std::uint64_t kBusyReadsMax = 1'000'000;

// Exhaustive exploration sees the fewer executions the smaller it is; 1 or more.
inline constexpr std::uint64_t kBusyLoopPatience = 1000;
extern std::uint64_t busy_loop_patience __attribute__((visibility("hidden")));

// Before the step that `me` has announced. False: it is one like any other.
bool wait_in_busy_loop(Task& me, BusyLoop& loop) noexcept;

// The step was a read that has found `value`, or an update that has changed nothing.
void note_same_or_new(Task& me, BusyLoop& loop, const void* address, std::uint64_t value) noexcept;

// Somebody writes to the granule of `address`, or has written.
void note_write(const void* address) noexcept;

// Before each step: others may have made enough of them for those who wait.
void let_busy_loops_go_on() noexcept;

// Nobody waits any more, and nobody goes on.
void busy_loops_forget_all() noexcept;

// In a forked child, which has none of the tasks.
void busy_loops_reset_after_fork() noexcept;

struct Livelock {
  int task;
  pid_t tid;
  const void* address;  // that it reads
  std::uint64_t reads;
};

// Tells of a livelock, in the task's place. If it returns, the task waits for ever: it is likely
// that nobody may go on then (Chooser::stuck). The default prints it and aborts the program.
extern void (*on_livelock)(const Livelock& livelock) noexcept __attribute__((visibility("hidden")));

// One line, as it is printed.
void print_livelock(const Livelock& livelock) noexcept;
void print_and_abort(const Livelock& livelock) noexcept;

}  // namespace ums::kernel
