// SPDX-License-Identifier: Apache-2.0
//
// The simulation: the tasks of one execution, which one kernel thread runs one at a time, in an
// order that a Chooser decides (Linux: __schedule, pick_next_task).
//
//     simulation_begin(chooser);     // the calling thread is its first task
//     pthread_create(...);           // the next one (ums_api/simulated/): captured, and runnable
//     sched_point(me);               // somebody else may go on here
//     block(me);                     // somebody else goes on, until make_runnable(me)
//     simulation_end();              // all others have ended
//
// The kernel thread of the first task is the carrier: all tasks run on its Cpu (parallel/cpu.h).
// The kernel threads of the others are parked, from their first moment to their last. Nothing runs
// between two calls of these functions but the current task, so that an execution is a function of
// the Chooser's decisions.
//
// Invariants:
// 1. The current task is in the run queue, but for the moment in which it leaves.
// 2. A thread that ends leaves the simulation first. The next task runs when its kernel thread is
//    gone: what a thread does last happens at home, and would run beside the others.
//
// 3. Who may be chosen has nothing to do earlier in virtual time than another (virtual_cpus.h).
//
// Thread safety: the carrier only, but for simulation_capture.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sim_kernel/base/result.h"
#include "sim_kernel/simulated/run_queue.h"
#include "sim_kernel/simulated/virtual_cpus.h"

namespace ums::kernel {

// The ids of threads begin here, but for that of the first: what a program does with an id shall be
// the same in each execution. Linux gives none so high (PID_MAX_LIMIT).
inline constexpr pid_t kFirstVirtualThread = 4 * 1024 * 1024;

// An answer of a Chooser's: nobody goes on any more but the first task.
inline constexpr std::size_t kNobody = ~std::size_t{0};

// Decides, and knows nothing of switches.
class Chooser {
 public:
  // Who goes on: an index of `choices`, which is not empty and is ordered by number. `current`,
  // who has run until now, is one of them unless it waits, or its CPU is ahead of another.
  // kNobody: the others never will go on, as after stuck(), and it is asked about the first alone.
  virtual std::size_t choose(std::span<const Choice> choices, int current) noexcept = 0;

  // Nobody may go on, and somebody is left. If this returns, the first task goes on, and the others
  // never will.
  virtual void stuck() noexcept = 0;

  // Who decides in the child of a fork, which has a copy of this one's memory.
  virtual Chooser& in_forked_child() noexcept { return *this; }

 protected:
  ~Chooser() = default;
};

// One at a time in a process. Errors: ENOMEM.
Result<void> simulation_begin(Chooser& chooser, const CpuOptions& options = {}) noexcept;
void simulation_end() noexcept;

// In the child of a fork, where the calling thread is left, as no task: it is the first one of a
// simulation of the child's, if there was one.
void simulation_restart_after_fork() noexcept;

// The first task waits until all others have ended, or nobody can go on.
void simulation_wait_for_all() noexcept;

// How many choices there were.
std::uint64_t simulation_steps() noexcept;

// How many tasks there have been, and how many may go on.
int simulation_tasks_made() noexcept;
std::size_t simulation_runnable() noexcept;

// Whether something may happen at an earlier moment than the current task's, on another CPU.
bool is_anybody_behind() noexcept;

// The task of an index of the choices. Context: a Chooser that chooses.
const Task& chosen_task(std::size_t index) noexcept;

// Whether somebody is runnable and on no virtual CPU, or waits for a moment.
bool is_cpu_wanted() noexcept;

// Whether a task belongs to the simulation.
inline bool is_simulated(const Task& task) noexcept { return task.machine.number >= 0; }

// Calls look(argument) where `task` has stopped, on its stack: who looks sees the calls that have
// led there. False, and no call: it has not begun.
// Context: a Chooser. `look` passes no scheduling point.
bool look_from(Task& task, void (*look)(void* argument), void* argument) noexcept;

// Where the object is that an Event calls by this number, or null.
const void* simulated_object(std::uint32_t number) noexcept;

// The calling thread, which has only begun, becomes a task of the simulation: it is runnable, and
// its kernel thread parks. `captured` gets its Task, or is told that there is none (ENOMEM), before
// it parks: the creator waits for that, and then until it is saved (wait_off_cpu).
// Returns when the task is chosen, on the carrier.
Result<void> simulation_capture(SimulatedThread& thread) noexcept;

// The function of the calling task's thread has returned, and the task belongs to the simulation no
// longer. Its kernel thread stays parked, and this returns when it is revived for another thread.
void simulation_rest(Task& me) noexcept;

// A task that rests is the next one of the simulation, in the name of `thread`. Errors: ENOMEM.
Result<void> simulation_revive(Task& task, SimulatedThread& thread) noexcept;

// The thread of the first task, which is in no list of threads that were created; null: there is no
// simulation.
SimulatedThread* simulation_first_thread() noexcept;

// The calling task belongs to it no longer, and goes on at home: its thread ends. The first task
// returns when all others have ended; its thread counts as ended before.
void simulation_leave(Task& me) noexcept;

// What `me` does next is about `object`, or about nothing that others share, at `site` of the
// program (choice.h).
void announce(Task& me, EventKind next, const void* object = nullptr,
              std::uintptr_t site = 0) noexcept;

// Somebody else may go on, before `me` does what it has announced.
void let_others_go_on(Task& me) noexcept;

// Both.
inline void sched_point(Task& me, EventKind next, const void* object = nullptr,
                        std::uintptr_t site = 0) noexcept {
  announce(me, next, object, site);
  let_others_go_on(me);
}

// Others go on whose clocks are behind that of `me`: what it does next has an effect on them, and
// is no step of itself.
void catch_up(Task& me) noexcept;

// The current task has made `object` impossible to take: who is about to lock it (kLock) waits
// until somebody wakes it (futex.h).
void hold_off_lockers(const void* object) noexcept;

// Somebody else goes on. `me` does what it has announced after make_runnable.
void block(Task& me) noexcept;

// The same for what it has announced before.
void announce_again(Task& me, Event next) noexcept;

bool anybody_is_runnable() noexcept;

// The current task wakes `task`, which does nothing if it is runnable.
void make_runnable(Task& task) noexcept;

// The same, but it costs nothing, and `task` goes on at `moment` or later.
void make_runnable_at(Task& task, std::uint64_t moment) noexcept;

// `me` stops, and `next` goes on in its place, at once.
void replace(Task& me, Task& next) noexcept;

// `next` is runnable again, in the place of `me`, who needs another.
void give_place(Task& me, Task& next) noexcept;

// On which virtual CPUs `task` may be: at least one. The current one may go on on another.
void set_affinity(Task& task, CpuMask mask) noexcept;

}  // namespace ums::kernel
