// SPDX-License-Identifier: Apache-2.0
//
// What the simulated machine keeps of a Task: who it is in its simulation, and what it does next.
//
// Thread safety: one kernel thread, the carrier (simulation.h).
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <boost/intrusive/set_hook.hpp>
#include <cstdint>

#include "sim_kernel/parallel/captured_task.h"
#include "sim_kernel/simulated/choice.h"
#include "sim_kernel/simulated/cpu_mask.h"

namespace ums::kernel {

struct SimulatedThread;

struct MachineTask : CapturedTask {
  int number = -1;        // in the order in which they were captured; -1: it is in no simulation
  bool runnable = false;  // it is in the run queue
  Event next;             // what it does when it goes on
  const void* waits_for = nullptr;                  // an address (futex.h)
  boost::intrusive::list_member_hook<> futex_hook;  // while it waits
  const int* holder =
      nullptr;         // of the lock that it is about to take: its thread's id, while one has it
  bool woken = false;  // its wait has ended, and not by time
  std::uint64_t deadline = 0;                      // of its timer (virtual_time.h)
  boost::intrusive::set_member_hook<> timer_hook;  // while it has one
  bool has_deadline() const noexcept { return timer_hook.is_linked(); }
  SimulatedThread* thread = nullptr;  // null for the first task

  // Among the virtual CPUs (virtual_cpus.h).
  CpuMask affinity = kAnyCpu;
  int cpu = -1;                // on which it is; -1: on none
  int last_cpu = -1;           // on which it was last
  std::uint64_t ready_at = 0;  // while it is on none: it goes on no earlier
  std::uint64_t queued = 0;    // the order in which tasks were queued
  bool has_just_come = false;  // to its CPU: it has made no step since
};

}  // namespace ums::kernel
