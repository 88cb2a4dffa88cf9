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
// Steps that are yields do not matter: a loop may yield in between. It may look at several places
// in turn; what waits for a flag often reads first where that is.
//
// LIMIT: loops that look at kBusyPlacesMax places or fewer.
//
// Thread safety: the carrier; the current task.
#pragma once

#include <array>
#include <boost/intrusive/list_hook.hpp>
#include <cstdint>

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

inline constexpr std::uint32_t kBusyPlacesMax = 8;

struct BusyLoop {
  struct Place {
    const void* address = nullptr;
    std::uint64_t value = 0;
  };

  // What was read last, each place once. The newest lies before `next`.
  std::array<Place, kBusyPlacesMax> places;
  std::uint32_t places_count = 0;
  std::uint32_t next = 0;
  std::uint64_t reads = 0;              // in a row that found a value again
  std::uint64_t reads_since_write = 0;  // of these, since others have written to one of the places
  std::uint32_t steps = 0;              // of the task until then (MachineTask)
  std::uint64_t waits = 0;              // how often it has waited
  std::uint64_t waits_since = 0;        // which step of the simulation
  boost::intrusive::list_member_hook<> hook;  // while it waits
  boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
      reading_hook;  // while it has found a value again
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
  const void* address;  // that it reads: of several, what it has come to last
  std::uint64_t reads;
};

// Tells of a livelock, in the task's place. If it returns, the task waits for ever: it is likely
// that nobody may go on then (Chooser::stuck). The default prints it and aborts the program.
extern void (*on_livelock)(const Livelock& livelock) noexcept __attribute__((visibility("hidden")));

// One line, as it is printed.
void print_livelock(const Livelock& livelock) noexcept;
void print_and_abort(const Livelock& livelock) noexcept;

}  // namespace ums::kernel
