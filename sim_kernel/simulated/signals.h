// SPDX-License-Identifier: Apache-2.0
//
// Signals of a simulation (Linux: kernel/signal.c). One that a task sends is kept for its target,
// and its handler runs when that goes on: at its next scheduling point outside of calls. A wait is
// interrupted for it. Linux itself then delivers it, on the carrier: so the handler's frame, its
// stack and mask, and what signals without a handler do, are Linux's.
//
// One for a scheduler that executes a worker is for the worker.
//
// One for the process goes to the first task, by number, that does not block it; or waits for one
// that unblocks it.
//
// Linux keeps those that a signalfd tells of and nobody takes, so that it does.
// LIMIT: one of these that was sent to a thread is for whoever reads.
//
// LINUX: a mask is a thread's. SIM: Linux keeps it by kernel thread, and all tasks share one: so
// whoever goes on sets its own there, once masks may differ.
//
// One from outside arrives on the carrier, wherever a task is. Its handler runs at a scheduling
// point too, if who installs it has seen to that (signal_arrived).
//
// Thread safety: the carrier.
#pragma once

#include <csignal>
#include <cstdint>

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

inline constexpr std::uint64_t signal_bit_of(int signal) noexcept {
  return std::uint64_t{1} << (signal - 1);
}

void send_signal(Task& task, const siginfo_t& info) noexcept;
void send_process_signal(const siginfo_t& info) noexcept;

// What waits for `me`, or for the process and is not blocked by it, is delivered: handlers run
// before this returns. wait_end tells of them.
// Context: the current task, outside of calls. Handlers may end the thread, which unwinds.
void handle_signals(Task& me);

// A handler has been called by Linux. True: not by handle_signals, so that it is to return, and is
// called again in the task that takes the signal. Context: the handler, in any task.
bool signal_arrived(const siginfo_t& info) noexcept;

// While this lives no handler runs on the carrier, and the current task is still one that takes
// what its own mask allows.
class CarrierSignalsBlocked {
 public:
  CarrierSignalsBlocked() noexcept;
  ~CarrierSignalsBlocked();
  CarrierSignalsBlocked(const CarrierSignalsBlocked&) = delete;
  CarrierSignalsBlocked& operator=(const CarrierSignalsBlocked&) = delete;
};

// Sends what has arrived to the tasks that take it.
void take_arrived_signals() noexcept;

// Takes one of `numbers` that waits, blocked or not. False: there is none.
bool take_signal(Task& me, std::uint64_t numbers, siginfo_t& info) noexcept;

// The numbers of those that wait for `me` and for the process.
std::uint64_t waiting_signals(Task& me) noexcept;

// A signalfd of the program tells of `numbers`; whether one does of `signal`.
void signals_have_descriptor(std::uint64_t numbers) noexcept;
bool signal_has_descriptor(int signal) noexcept;

// Of these the numbers that nobody takes now: they are left in Linux.
std::uint64_t signals_for_descriptors() noexcept;

// The current task changes its mask, and so it may differ from others'.
void signal_masks_may_differ() noexcept;

// `task`, which does not run, begins with the mask of the current one.
void inherit_signal_mask(Task& task) noexcept;

// Before and after another task runs.
void save_signal_mask(Task& me) noexcept;
void restore_signal_mask(Task& me) noexcept;

// A new simulation begins.
void signals_reset() noexcept;

}  // namespace ums::kernel
