// SPDX-License-Identifier: Apache-2.0
//
// KernelSection: a thread is in the kernel, though in no file.
//
//     KernelSection section;
//     table().open(...);      // takes locks
//
// Inside a file Task::syscall_file says so, and calls of signal handlers are refused. What takes
// locks outside of files (open, close, work on the way out of a call, the end of a thread) needs
// the same: a handler that yields would suspend the lock's holder, and every other thread that
// wants the lock would wait for one that nobody may ever execute again. Signals that are kept for
// the thread meanwhile are raised by the call that it is in, at its end (exit_sections).
//
// Invariants:
// 1. While a section lasts, calls of the thread's signal handlers fail with EBUSY.
// 2. A section inside a file, or in another section, changes nothing.
//
// Thread safety: about the calling thread. One that has no Task yet is no worker and cannot yield;
// it gets no section.
#pragma once

#include "sim_kernel/sched/task.h"
#include "sim_kernel/sync/membarrier.h"

namespace ums::kernel {

// What Task::syscall_file holds meanwhile: no File's address.
inline File* no_file() noexcept { return reinterpret_cast<File*>(2); }

class KernelSection {
 public:
  explicit KernelSection(Task* task = current_or_null) noexcept
      : task_(task != nullptr && task->syscall_file.load(std::memory_order_relaxed) == nullptr
                  ? task
                  : nullptr) {
    if (task_ == nullptr) return;
    task_->syscall_file.store(no_file(), std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);  // for the thread's own handlers
  }
  ~KernelSection() {
    if (task_ == nullptr) return;
    // The barrier is for who keeps a signal: it sees this, or exit_work is seen to be set.
    store_then_light_barrier(task_->syscall_file, nullptr);
  }
  KernelSection(const KernelSection&) = delete;
  KernelSection& operator=(const KernelSection&) = delete;

 private:
  Task* const task_;
};

}  // namespace ums::kernel
