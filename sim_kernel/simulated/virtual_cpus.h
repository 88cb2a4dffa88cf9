// SPDX-License-Identifier: Apache-2.0
//
// VirtualCpus: the CPUs of a simulation, each with a clock of its own, and which task is on which
// (Linux: struct rq, rq_clock, select_task_rq). One kernel thread runs all tasks; these CPUs say
// what time it is for each, and so who goes first: a conservative simulation of discrete events.
//
//     virtual_cpus.charge(ns);                     // the CPU of the task that runs is later
//     virtual_cpus.leave(task);                    // it waits: its CPU is idle
//     virtual_cpus.queue(task, moment);            // it may go on from then on, if there is room
//     moment = virtual_cpus.next_moment(queue);    // the earliest at which anything can happen
//     virtual_cpus.look_at(moment);
//     if (virtual_cpus.may_go_on(task)) ...        // then: it is on a CPU, or could take one
//     virtual_cpus.take_cpu(task);
//
// A queued task that goes on takes an idle CPU that its affinity allows, the one it was on last if
// it can; where there is none, the place of another task, which is queued.
//
// With one CPU on which nothing costs anything there is nothing to decide: all that are runnable
// may go on. Such a machine is plain, and keeps no account of who is where.
//
// Invariants:
// 1. The moments at which steps are made do not decrease.
// 2. A task is on a CPU, or queued, only while it is in the run queue.
// 3. A task on a CPU is one that its affinity allows; a worker has the affinity, and the place, of
//    the scheduler that executes it.
//
// Thread safety: the carrier.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "sim_kernel/simulated/cost_profile.h"
#include "sim_kernel/simulated/cpu_mask.h"
#include "sim_kernel/simulated/moment.h"
#include "sim_kernel/simulated/run_queue.h"

namespace ums::kernel {

struct CpuOptions {
  int count = 1;             // up to kVirtualCpusMax
  bool are_visible = false;  // to the program, which sees no others then
  CostProfile costs = {};
  std::uint64_t quantum = 0;  // after so long on a CPU others have their turn; 0: never
};

struct CpuUsage {
  std::uint64_t moment = 0;  // now, to the task that runs
  double utilisation = 0;    // of all CPUs until then, from 0 to 1
};

class VirtualCpus {
 public:
  // A simulation begins: nobody is on a CPU.
  void begin(const CpuOptions& options) noexcept;

  // Its first task, which is queued, is on the first CPU: that costs nothing.
  void place_first(Task& task) noexcept;

  const CpuOptions& options() const noexcept { return options_; }
  CpuMask all() const noexcept { return ~CpuMask{0} >> (kVirtualCpusMax - options_.count); }
  bool is_plain() const noexcept { return is_plain_; }
  CpuUsage usage() const noexcept;

  // ---- time, on the CPU of the task that runs

  std::uint64_t now() const noexcept { return running_->clock; }
  // When the step is made that is being chosen.
  std::uint64_t step_moment() const noexcept { return is_plain_ ? now() : moment_; }
  void charge(std::uint64_t nanoseconds) noexcept { pass(*running_, nanoseconds); }
  void charge_step(EventKind step) noexcept { charge(step_costs_[static_cast<std::size_t>(step)]); }

  // Nothing happens until `moment`. Of a plain machine.
  void idle_until(std::uint64_t moment) noexcept { pass_idle(*running_, moment); }

  // ---- who is where

  // `task` is runnable, but not before `moment`.
  void queue(Task& task, std::uint64_t moment) noexcept {
    if (!is_plain_) enqueue(task, moment);
  }

  // `task` is not runnable any more.
  void leave(Task& task) noexcept {
    if (!is_plain_) leave_cpu(task);
  }

  // `next`, which is runnable and on no CPU, takes the place of `me`, who is not queued by that.
  void hand_over(Task& me, Task& next) noexcept {
    if (!is_plain_) replace_on_cpu(me, next);
  }

  // One that may go on at the moment looked at, and is queued, takes a CPU. False: that has cost
  // time, and others may be first.
  bool take_cpu(Task& task) noexcept;

  // One that is on a CPU goes on.
  void run(Task& task) noexcept;

  // If it is on a CPU that is not in `mask`, it is queued.
  void set_affinity(Task& task, CpuMask mask) noexcept;

  // ---- who may go on

  // The earliest moment at which one of the tasks in `queue` may go on; kNever: there is none.
  std::uint64_t next_moment(const RunQueue& queue) const noexcept;

  void look_at(std::uint64_t moment) noexcept;
  bool may_go_on(const Task& task) const noexcept;

  // The CPU that a queued task that may go on would take.
  int place_for(const Task& task) const noexcept;
  // How many have a task.
  std::size_t busy() const noexcept {
    return static_cast<std::size_t>(options_.count - std::popcount(idle_));
  }
  bool is_idle(int cpu) const noexcept { return (idle_ >> cpu & 1) != 0; }
  const Task& task_on(int cpu) const noexcept { return *cpus_[index(cpu)].task; }

  // Whether it would take time to put the task there.
  bool costs_time(const Task& task, int cpu) const noexcept;

  // ---- turns

  // Whether a task on a CPU has had its turn: by the quantum, or because it yields.
  bool is_turn_over(const Task& task) const noexcept;

  // How long it may go on by the quantum; kNever: there is none.
  std::uint64_t left_of_turn(const Task& task) const noexcept;

 private:
  struct VirtualCpu {
    std::uint64_t clock = 0;
    std::uint64_t idle = 0;        // of it
    std::uint64_t turn_began = 0;  // of its task
    Task* task = nullptr;          // null: it is idle
    int last_task = -1;            // its number
  };

  static std::size_t index(int cpu) noexcept { return static_cast<std::size_t>(cpu); }
  static void pass(VirtualCpu& cpu, std::uint64_t nanoseconds) noexcept {
    cpu.clock = later(cpu.clock, nanoseconds);
  }
  static void pass_idle(VirtualCpu& cpu, std::uint64_t moment) noexcept {
    if (moment <= cpu.clock) return;
    cpu.idle += moment - cpu.clock;
    cpu.clock = moment;
  }

  void enqueue(Task& task, std::uint64_t moment) noexcept;
  void leave_cpu(Task& task) noexcept;
  void replace_on_cpu(Task& me, Task& next) noexcept;
  void put_on(int cpu, Task& task) noexcept;
  int victim_for(CpuMask allowed) const noexcept;
  std::uint64_t used_of_turn(const VirtualCpu& cpu) const noexcept;

  CpuOptions options_;
  bool is_plain_ = true;
  std::array<std::uint64_t, kEventKinds> step_costs_{};
  std::array<VirtualCpu, kVirtualCpusMax> cpus_{};
  VirtualCpu* running_ = cpus_.data();  // of the task that runs
  CpuMask idle_ = 0;                    // who have no task
  std::uint64_t queued_ = 0;            // how many tasks have ever been
  std::uint64_t moment_ = 0;            // that was looked at, and then:
  CpuMask idle_then_ = 0;               // idle, and free
  CpuMask busy_then_ = 0;               // their tasks can go on, or be replaced
};

extern VirtualCpus virtual_cpus;

}  // namespace ums::kernel
