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

namespace ums::kernel {

struct SimulatedThread;

struct MachineTask : CapturedTask {
  int number = -1;          // in the order in which they were captured; -1: it is in no simulation
  bool runnable = false;    // it is in the run queue
  Event next;               // what it does when it goes on
  std::uint32_t steps = 0;  // that it has announced, but for yields
  const void* waits_for = nullptr;                  // an address (futex.h)
  boost::intrusive::list_member_hook<> futex_hook;  // while it waits
  // Of the lock that it is about to take: where the id of the thread that has it stands, or 0.
  const int* holder = nullptr;
  bool is_preempted = false;   // it has stopped inside the kernel (preemption.h)
  bool woken = false;          // its wait has ended, and not by time
  std::uint64_t deadline = 0;  // of its timer (virtual_time.h)
  boost::intrusive::set_member_hook<> timer_hook;  // while it has one
  SimulatedThread* thread = nullptr;               // null for the first task

  bool has_deadline() const noexcept { return timer_hook.is_linked(); }
};

}  // namespace ums::kernel
