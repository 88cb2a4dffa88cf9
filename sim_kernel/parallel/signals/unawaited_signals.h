// SPDX-License-Identifier: Apache-2.0
//
// The signals that the idle loop of a Cpu does not wait for.
//
// It waits for every signal, until it takes one that was meant for the process: it gives that back,
// and would only take it again. Linux hands it to a thread that wants it, or keeps it until one
// does. So the loop does not await that number any more, as if the parked thread blocked it. What
// is sent to this very thread under the same number then waits unseen, and so the loop looks:
// before it sleeps again, and after pauses that double from kLookPauseMinMs to kLookPauseMaxMs.
// Once none of the number waits for the process, it is awaited as before.
//
// Where /proc does not tell what waits, a number stays out until the thread is a worker no more.
//
// Thread safety: the kernel thread of the Cpu, on its park stack. The number of the plain wake-up,
// which others look at in Cpu::awaited, does not come back before the loop ends.
#pragma once

#include <csignal>

#include "sim_kernel/parallel/cpu.h"

namespace ums::kernel {

inline constexpr long kLookPauseMinMs = 10;
inline constexpr long kLookPauseMaxMs = 5'000;

inline bool awaits_all_signals(const Cpu& cpu) noexcept {
  return cpu.awaited.load(std::memory_order_relaxed) == ~0UL;
}

// Leaves signals of this number to others.
void await_no_more(Cpu& cpu, int signal) noexcept;

// Takes a signal that is not awaited and was sent to this thread alone. Returns its number; 0 if
// there is none: then numbers are awaited again of which none waits for the process.
int take_unawaited_signal(Cpu& cpu, siginfo_t& info) noexcept;

}  // namespace ums::kernel
