// SPDX-License-Identifier: Apache-2.0
//
// The idle loop: what a Cpu runs when its tasks are elsewhere (Linux: do_idle). See cpu.h.
//
// It waits in rt_sigtimedwait for every signal, rather than in a futex: a signal that somebody
// sends to a captured thread arrives at the kernel thread that waits here, and must be passed on.
#pragma once

#include <csignal>
#include <cstdint>

#include "sim_kernel/parallel/cpu.h"

namespace ums::kernel {

// The signal that ends a wait: glibc's own for cancellation, which no program can use for another
// purpose. As a real-time signal it queues, so that it never merges with one that is passed on;
// its value, the Cpu, tells the two apart.
inline constexpr int kWakeSignal = 32;

// What ends a wait where no signal can be queued: one that is never refused, and that programs
// ignore unless they ask for it. (Of two at once Linux keeps one: a pthread_kill of this number at
// that very moment is taken for the wake-up.)
inline constexpr int kPlainWakeSignal = SIGURG;
inline constexpr std::uint64_t kPlainWakeBit = 1UL << (kPlainWakeSignal - 1);

// Entry of a Cpu's idle Continuation; `argument` is the Cpu. Never returns.
// Context: the park stack, all signals blocked.
void idle_loop(Continuation from, void* argument);

}  // namespace ums::kernel
