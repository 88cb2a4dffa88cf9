// SPDX-License-Identifier: Apache-2.0
//
// ProgramExecution: one execution of a whole program, and what is noted about it, as lines of text.
// It lies in the arena: who has forked the program's process reads it when that has ended.
//
//     finding deadlock            no task can go on
//     finding circle              some tasks wait for each other; others could go on
//     finding race                two accesses of the same memory that nothing orders: `access`
//     finding livelock            a task reads the same memory for ever: `memory`
//     finding report              a report of the kernel: `report`
//     finding leak                something is left when the program exits: `task` (a suspended
//                                 worker) or `unjoined`
//     finding steps               it has made as many steps as it may
//     uncontrolled NAME           it has made a call that is not controlled; then its frames
//     task 2 71 0 3 5 1 40        each of its tasks: number, thread id, 1: it could go on; what it
//                                 is about to do (an EventKind), the object, and who holds that: a
//                                 task's number, -1 (nobody in particular) or -2 (a thread that has
//                                 ended); since which step it waits, or 0
//     role 2 1                    ... what it is to the device (Role::Kind), and its list
//     frame OFFSET NAME FILE      ... and where that is (call_stack.h)
//     object 5 OFFSET NAME FILE   where an object is: in a file's static storage; other objects
//                                 have no such line
//     step 2 3 5 1 0 70 70 0      each step: who made it, and what it was; who would have gone on
//                                 without a schedule; 1: and was preempted; virtual time, ns; of
//                                 the step before, when it ended, and on which CPU
//     event 11 72 71 0 70         each event of the timeline (trace.h): a TraceEvent, scheduler,
//                                 worker, its value; virtual time, ns
//     thread 2 71 OFFSET NAME FILE
//                                 a task begins: its thread id, and what it calls (not the first)
//     access 2 1 4                each of the two: the task, an AccessKind, bytes; then its frames
//     memory OFFSET NAME FILE     ... of this place, if it is in a file's static storage
//     report WORDS                of the kernel; `original WORDS`: what the real module would do;
//                                 and `remedy WORDS`
//     unjoined OFFSET NAME FILE   what a thread has called that ended, and that nobody has joined
//     stack 17                    where the task was that made step 17
//     here                        where the program crashed, or had to be ended
//
// Steps count from 0.
//
// Thread safety: the carrier; then the process that has forked it.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sim_kernel/debug/misuse.h"
#include "sim_kernel/simulated/busy_loop.h"
#include "sim_kernel/simulated/races/race_report.h"
#include "sim_kernel/trace/trace.h"
#include "ums_api/explore/arena.h"
#include "ums_api/explore/execution.h"

namespace ums::api {

inline constexpr std::uint64_t kNoStep = ~std::uint64_t{0};

// What is to be noted but findings.
struct Wanted {
  std::uint64_t steps_max = 0;
  bool steps = false;
  std::array<std::uint64_t, 2> stacks{kNoStep, kNoStep};  // of these steps
};

class ProgramExecution final : public explore::Execution {
 public:
  ProgramExecution(explore::Strategy& strategy, const Wanted& wanted)
      : Execution(strategy), wanted_(wanted) {}

  // It is that of the calling process. Children that the program forks have the arena, too, and
  // note nothing there.
  void begin() { process_ = getpid(); }

  std::size_t choose(std::span<const kernel::Choice> choices, int current) noexcept override;

  // Notes it, and ends the process.
  void stuck() noexcept override;

  // One that decides as a schedule without turns does. This one is the parent's, whose arena the
  // child must leave alone.
  Chooser& in_forked_child() noexcept override;

  // These end the process.
  [[noreturn]] void note_race(const kernel::RaceReport& race);
  [[noreturn]] void note_livelock(const kernel::Livelock& livelock);

  [[noreturn]] void note_report(const kernel::Misuse& kind, std::string_view what);

  // The program exits well. Ends the process if something is left.
  void note_leaks();

  // Another program is about to take the place of this one; empty: it has not.
  void note_executed(const char* path);

  // The program has forked.
  void note_fork() { forks_ |= is_in_its_process(); }

  // The program makes a call that is not controlled, for the first time.
  void note_not_controlled(const char* name);

  // Of the timeline.
  void note_event(const kernel::TraceRecord& record);

  // Where the caller is: the program ends there.
  void note_end_here();

  // The program hangs in the caller's place, or all of its tasks wait for something outside.
  void note_hang();

  const explore::ArenaString& notes() const { return notes_; }
  const explore::ArenaString& executed() const { return executed_; }
  bool forks() const { return forks_; }
  bool wants_steps() const { return wanted_.steps; }

 private:
  bool is_in_its_process() const;
  std::uint64_t& stopped_at(int task);
  void note_step(std::span<const kernel::Choice> choices, int current, std::size_t chosen);
  void note_stack_of(int task);
  void note_begin(int task);
  void note_access(const kernel::RacingAccess& access);
  void note_memory(const void* address);
  void note_task(kernel::Task& task);
  bool note_suspended_workers();
  bool note_unjoined_thread();
  void note_objects_to(std::uint32_t number);
  void note_object(std::uint32_t number);
  void note_tasks();
  [[noreturn]] void end(const char* finding);

  const Wanted wanted_;
  pid_t process_ = 0;
  explore::ArenaString notes_;
  explore::ArenaString executed_;
  bool forks_ = false;
  explore::ArenaVector<std::uint64_t> stopped_at_;  // the step, by task; 0: at none
  std::uint32_t objects_noted_ = 0;                 // from 1 on
};

}  // namespace ums::api
