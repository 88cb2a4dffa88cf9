// SPDX-License-Identifier: Apache-2.0
//
// What the simulated machine keeps of a Task: who it is in its simulation, and what it does next.
//
// Thread safety: one kernel thread, the carrier (simulation.h).
#pragma once

#include <pthread.h>

#include <boost/intrusive/list_hook.hpp>
#include <cstdint>

#include "sim_kernel/parallel/captured_task.h"
#include "sim_kernel/simulated/choice.h"
#include "sim_kernel/simulated/cpu_mask.h"
#include "sim_kernel/simulated/timer.h"

struct robust_list_head;

namespace ums::kernel {

struct OutsideWait;
struct SimulatedThread;

// How the last wait of a task has ended.
struct WaitEnd {
  bool woken = false;        // not by time
  bool interrupted = false;  // but because of the task itself (interrupt.h)
  bool handled = false;      // and a handler has run (signals.h)
  bool restarts = true;      // of all handlers: what they have interrupted goes on (SA_RESTART)
};

// A row of looks at a clock (clock_loop.h).
struct ClockLoop {
  std::uint32_t deeds = 0;   // of the task until then
  std::uint64_t looked = 0;  // the time that they have taken
};

struct MachineTask : CapturedTask {
  int number = -1;          // in the order in which they were captured; -1: it is in no simulation
  bool runnable = false;    // it is in the run queue
  Event next;               // what it does when it goes on
  std::uint32_t steps = 0;  // that it has announced, but for yields
  std::uint32_t deeds = 0;  // and for looks at clocks and accesses of memory
  ClockLoop clock_loop;
  pthread_t handle{};                               // what the C library calls its thread
  const void* waits_for = nullptr;                  // an address (futex.h)
  boost::intrusive::list_member_hook<> futex_hook;  // while it waits
  // Of the lock that it is about to take: where the id of the thread that has it stands, or 0.
  const int* holder = nullptr;
  bool is_preempted = false;  // it has stopped inside the kernel (preemption.h)
  WaitEnd wait_end;
  bool is_cancelled = false;             // as the C library knows by itself
  bool cancellable = false;              // it waits where its cancellation ends that
  Timer timer;                           // while it waits with a limit
  const OutsideWait* outside = nullptr;  // while it waits for it (outside.h)
  boost::intrusive::list_member_hook<> outside_hook;
  std::uint64_t signal_mask = 0;      // while it does not run (signals.h)
  std::uint64_t awaited_signals = 0;  // in sigwait and its family
  bool is_bystander = false;          // it takes no signals of the process
  SimulatedThread* thread = nullptr;
  robust_list_head* robust_list = nullptr;  // the C library's; null: nobody has asked for it yet

  bool has_deadline() const noexcept { return timer.hook.is_linked(); }

  // Among the virtual CPUs (virtual_cpus.h).
  CpuMask affinity = kAnyCpu;
  int cpu = -1;                // on which it is; -1: on none
  int last_cpu = -1;           // on which it was last
  std::uint64_t ready_at = 0;  // while it is on none: it goes on no earlier
  std::uint64_t queued = 0;    // the order in which tasks were queued
  bool has_just_come = false;  // to its CPU: it has made no step since
};

}  // namespace ums::kernel
