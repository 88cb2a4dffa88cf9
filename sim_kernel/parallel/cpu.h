// SPDX-License-Identifier: Apache-2.0
//
// Cpu: a kernel thread in its role as a processor for tasks.
//
// Every task has a Cpu of its own, its home: the kernel thread that pthread_create made. Most tasks
// never leave it. A worker does: it is captured, and runs on the Cpu of the scheduler that executes
// it (its carrier). A Cpu whose tasks are all elsewhere runs its idle loop, on a park stack of
// kParkStackBytes with every signal blocked, until a task is handed to it.
//
// Invariants:
// 1. A Cpu runs one Context at a time: a task, or its idle loop.
// 2. `previous`, `homebound` and `wake_when_idle` are written by the Context that leaves and read
//    by the one that arrives, on this Cpu; nobody else looks at them.
// 3. A Context may be resumed when its on_cpu is false, and not before: until then its
//    continuation is not saved. (Linux: task->on_cpu, and the same rule in try_to_wake_up.)
// 4. The idle loop touches no thread-local storage, calls nothing through the PLT and takes no
//    lock: its thread pointer may be in use on another Cpu, and its stack is small.
//
// Thread safety: fields belong to the kernel thread of the Cpu but for `handed` and `handed_plain`,
// which any thread writes (wake_idle_cpu), `awaited`, which any thread reads, and `tid`, which is
// constant.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "sim_kernel/fiber/continuation.h"
#include "sim_kernel/sched/wake_up.h"

namespace ums::kernel {

class Task;

// What a Cpu can run: a suspended computation and whether it is saved yet.
struct Context {
  Continuation continuation;
  // True from before the Context is resumed until its continuation is saved again. Cleared with
  // release by the Context that follows it on its Cpu; pairs with the acquire in wait_off_cpu.
  std::atomic<bool> on_cpu{true};
};

struct Cpu {
  Context* previous = nullptr;            // who left last
  Task* homebound = nullptr;              // who left for its own Cpu, to be woken there
  WakeUp wake_when_idle;                  // whom the idle loop tells to go on, once it is entered
  Context idle;                           // the idle loop, once it exists
  void* park_stack = nullptr;             // its stack, kParkStackBytes
  Task* home_task = nullptr;              // whose home this is
  std::atomic<Task*> handed{nullptr};     // the task that the idle loop shall run
  std::atomic<bool> handed_plain{false};  // it is announced by a signal that carries no value
  std::atomic<std::uint64_t> awaited{~0UL};  // the signals that the idle loop waits for
  pid_t tid = 0;                             // the kernel thread
  bool rseq_gone = false;                    // see rseq.h
  std::uint64_t signal_mask = 0;             // that its home task has set; see signal_mask.h
};

// Runs `task`, suspended or about to be, on the idle Cpu that is its place: the one where it waits
// in EXEC, or its home. Returns at once.
// Context: any; takes no lock. The Cpu must be idle or on its way into its idle loop.
// Ordering: what the caller did before is visible to the task.
void wake_idle_cpu(Cpu& cpu, Task& task) noexcept;

}  // namespace ums::kernel
