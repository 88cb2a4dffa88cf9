// SPDX-License-Identifier: Apache-2.0
//
// What a machine that captures threads keeps of a Task: where it runs, or how it is captured, and
// the signals that wait for it. See cpu.h.
//
// Thread safety: as said at the fields.
#pragma once

#include <atomic>
#include <cstdint>

#include "sim_kernel/fiber/thread_pointer.h"
#include "sim_kernel/parallel/cpu.h"
#include "sim_kernel/parallel/signals/signal_queue.h"

namespace ums::kernel {

struct StraceLine;

// The beginning of every Task. Written by the kernel thread that the task runs on.
struct TaskProcessor {
  ThreadPointer thread_pointer = 0;
  Cpu* cpu = nullptr;  // where it runs, or ran last
};

// All that a switch to a task that ran long ago has to fetch, beside what sched/task.h adds.
struct TaskPlace : TaskProcessor, Context {};

// The rest, off the switch path.
struct CapturedTask {
  Cpu home;                              // constant but for what cpu.h says
  std::atomic<bool> signal_lock{false};  // guards the next two (see parked_signals.h)
  std::uint64_t pending_signals = 0;     // plain signals, bit n-1 for signal n
  SignalQueue queued_signals;            // those that carry a value
  bool tsd_counted = false;              // its destructor runs in every round (see exit.h)
  int tsd_round = 0;                     // how often it has run
  StraceLine* begun = nullptr;           // the line of its call (see strace.h)
};

}  // namespace ums::kernel
