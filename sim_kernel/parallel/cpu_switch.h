// SPDX-License-Identifier: Apache-2.0
//
// How Contexts change places on a Cpu (cpu.h): stack and thread pointer, and who is saved where.
// Who goes next is the machine's business (parallel/switch.h, simulated/switch.h).
//
// A task may be put on a list where others find it *before* it has left its Cpu: who executes it
// waits until on_cpu is false, which is a handful of instructions away (docs/decisions/0001).
//
// Invariants (asserted):
// 1. Nobody switches while holding a spinlock or inside an RCU read section.
// 2. Only a saved Context is resumed, and only once.
//
// Context of all: the calling task is current, and runs on *me.cpu. After each that switches
// returns, me.cpu may be another Cpu than before.
#pragma once

#include "sim_kernel/base/result.h"
#include "sim_kernel/fiber/tsan_handoff.h"
#include "sim_kernel/sched/may_schedule.h"
#include "sim_kernel/sched/task.h"

namespace ums::kernel {

// Makes sure that this Cpu has an idle loop, and blocks every signal on it until a task runs here
// again. Errors: ENOMEM. Undone by whoever comes out of the idle loop, on its way out of the
// kernel.
Result<void> prepare_idle(Task& me) noexcept;

// Leaves the Cpu to its idle loop, which then performs `wake`. Needs prepare_idle. Returns when
// the task is executed, or handed to an idle Cpu.
void leave_to_idle(Task& me, WakeUp wake) noexcept;

// The machine's: wakes the task that has left the Cpu of `me` for its own. It may have changed the
// signal mask here, which `me` restores on its way out of the kernel. Context: `me` has just
// arrived.
void see_off_homebound(Task& me) noexcept;

// Waits until `context` is saved, then claims it for the caller's Cpu.
// Ordering: acquire; pairs with the release in save_previous.
void wait_off_cpu(Context& context) noexcept;

// Saves who was on the Cpu before. The first thing that the arriving Context does.
inline __attribute__((always_inline)) void save_previous(Cpu& cpu, Continuation from) noexcept {
  Context& previous = *cpu.previous;
  previous.continuation = std::move(from);
  previous.on_cpu.store(false, std::memory_order_release);
}

// The other half of a switch, when `me` is back: perhaps on another Cpu than it left.
inline __attribute__((always_inline)) void arrive(Task& me, Continuation from) noexcept {
  tsan_acquire(&me);
  tsan_acquire(&me.on_cpu);  // the idle loop, which is not instrumented, may have waited for it
  Cpu& here = *me.cpu;
  const bool was_idle = here.previous == &here.idle;
  save_previous(here, std::move(from));
  if (was_idle) [[unlikely]] {  // the mask is restored outside, where handlers may do anything
    me.exit_work.fetch_or(kExitUnblock, std::memory_order_relaxed);  // its own bit
  }
  if (here.homebound != nullptr) [[unlikely]] {
    see_off_homebound(me);
  }
}

// Replaces `me` by `next` on this Cpu.
inline __attribute__((always_inline)) void switch_to(Task& me, Task& next) noexcept {
  assert_may_schedule(me);
  Cpu& cpu = *me.cpu;
  tsan_acquire(&next);
  next.cpu = &cpu;
  cpu.previous = &me;
  Continuation to = std::move(next.continuation);
  const ThreadPointer pointer = next.thread_pointer;
  tsan_release(&next);
  tsan_release(&me);
  arrive(me, std::move(to).resume(pointer));
}

}  // namespace ums::kernel
