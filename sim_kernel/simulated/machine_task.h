// SPDX-License-Identifier: Apache-2.0
//
// What the simulated machine keeps of a Task: who it is in its simulation, and what it does next.
//
// Thread safety: one kernel thread, the carrier (simulation.h).
#pragma once

#include <pthread.h>

#include <boost/intrusive/list_hook.hpp>
#include <boost/intrusive/set_hook.hpp>
#include <cstdint>

#include "sim_kernel/parallel/captured_task.h"
#include "sim_kernel/simulated/choice.h"

namespace ums::kernel {

struct SimulatedThread;

// How the last wait of a task has ended.
struct WaitEnd {
  bool woken = false;        // not by time
  bool interrupted = false;  // but because of the task itself (interrupt.h)
};

struct MachineTask : CapturedTask {
  int number = -1;        // in the order in which they were captured; -1: it is in no simulation
  bool runnable = false;  // it is in the run queue
  Event next;             // what it does when it goes on
  pthread_t handle{};     // what the C library calls its thread
  const void* waits_for = nullptr;                  // an address (futex.h)
  boost::intrusive::list_member_hook<> futex_hook;  // while it waits
  WaitEnd wait_end;
  bool cancellable = false;                        // it waits where its cancellation ends that
  std::uint64_t deadline = 0;                      // of its timer (virtual_time.h)
  boost::intrusive::set_member_hook<> timer_hook;  // while it has one
  SimulatedThread* thread = nullptr;               // null for the first task
};

}  // namespace ums::kernel
