// SPDX-License-Identifier: Apache-2.0
//
// Outcome: what became of one execution, read from what the fork server says of it
// (ums_api/program/fork_server.h).
//
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim_kernel/simulated/choice.h"
#include "sim_kernel/simulated/races/shadow_memory.h"
#include "sim_kernel/simulated/role.h"
#include "sim_kernel/trace/trace.h"

namespace ums::command {

// A place in a file that is loaded into the program; without a file, an address of other memory.
struct Place {
  std::string file;
  std::uint64_t offset = 0;
  std::string name = "-";  // none is known
};

using Stack = std::vector<Place>;  // from the innermost call on

// A thread that has ended with the lock that a task waits for.
inline constexpr int kEnded = -2;

// One of the tasks of an execution that cannot go on.
struct StuckTask {
  int number = 0;
  int tid = 0;
  bool is_runnable = false;
  kernel::Event next;
  kernel::Role role;
  int holder = -1;  // the number of the task that it waits for; -1: no certain one; or kEnded
  std::uint64_t since = 0;  // step; 0: not known
  Stack stack;
};

struct Step {
  int task = 0;
  kernel::Event event;
  int displaced = 0;             // who would have gone on without a schedule
  bool preempts = false;         // who ran before could have gone on
  std::uint64_t time = 0;        // virtual, ns
  std::uint64_t last_ended = 0;  // the step before
  int last_cpu = 0;

  bool is_turn() const { return task != displaced; }
};

// An event of the timeline (sim_kernel/trace/trace.h), by the numbers of tasks; -1: none.
struct TimelineEvent {
  kernel::TraceEvent event{};
  int scheduler = -1;
  int worker = -1;
  std::uint64_t value = 0;
  std::uint64_t time = 0;  // virtual, ns
  std::size_t step = 0;    // that it belongs to
};

// One of two accesses of the same memory that nothing orders.
struct RacingAccess {
  int task = 0;
  kernel::AccessKind kind{};
  std::size_t bytes = 0;
  Stack stack;
};

// What the kernel says of a call that the real module has no answer to.
struct KernelReport {
  std::string what;
  std::string original;  // what the real module would do
  std::string remedy;
};

struct UncontrolledCall {
  std::string name;
  Stack stack;  // of the first one
};

struct Outcome {
  enum class End : std::uint8_t { kExit, kSignal, kHung };

  End end = End::kExit;
  int status = 0;        // exit status, signal, or the system call that it hangs in
  bool running = false;  // it hangs in no system call
  std::string finding;   // `deadlock`, `steps`; empty: none
  std::uint64_t steps = 0;
  std::uint64_t preemptions = 0;
  std::uint64_t path = 0;
  std::string schedule;
  bool strayed = false;
  bool unfinished = false;  // not all turns of its schedule have come
  std::string executed;     // the program that has taken its place; empty: none
  bool forks = false;       // it has made processes
  double left = -1;         // exhaustive search: the part not seen yet
  std::vector<UncontrolledCall> uncontrolled;
  std::vector<StuckTask> tasks;
  std::map<std::uint32_t, Place> objects;
  std::vector<RacingAccess> race;
  KernelReport report;
  Place unjoined;  // what a thread has called that is left
  Place memory;    // that is raced for, or read for ever; without a file: somewhere else
  std::map<int, Place> threads;  // what they call, by task
  std::map<int, int> task_of_thread;
  std::vector<Step> trace;
  std::vector<TimelineEvent> timeline;
  std::map<std::uint64_t, Stack> stacks;  // by step
  Stack ended_at;                         // where it crashed, or had to be ended

  bool failed() const { return end != End::kExit || status != 0 || !finding.empty(); }

  // Whether both failed in the same way.
  bool is_like(const Outcome& other) const {
    return end == other.end && status == other.status && finding == other.finding;
  }
};

// Throws std::runtime_error for lines that the server does not say.
Outcome parse_outcome(const std::vector<std::string>& lines);

}  // namespace ums::command
