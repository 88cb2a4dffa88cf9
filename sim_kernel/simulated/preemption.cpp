// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/sync/preemption.h"

#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

bool kernel_is_preemptible = false;

namespace {

// The calling task where it may be preempted, which is not where it is preempted already: who
// chooses the next one may look into the kernel. Null elsewhere.
Task* preemptible_task() noexcept {
  Task* const task = current_or_null;
  if (task == nullptr || !is_simulated(*task)) return nullptr;
  return task->machine.is_preempted ? nullptr : task;
}

EventKind kind_of(KernelStep step) noexcept {
  switch (step) {
    case KernelStep::kLoad:
      return EventKind::kRead;
    case KernelStep::kStore:
      return EventKind::kWrite;
    case KernelStep::kUpdate:
      return EventKind::kUpdate;
  }
  return EventKind::kPoint;
}

// What a task may not do by itself, others do to it: to stop with a lock held.
class Preempted {
 public:
  explicit Preempted(Task& task) noexcept : task_(task) { task_.machine.is_preempted = true; }
  ~Preempted() { task_.machine.is_preempted = false; }
  Preempted(const Preempted&) = delete;
  Preempted& operator=(const Preempted&) = delete;

 private:
  Task& task_;
};

}  // namespace

void preempt(KernelStep step, const void* object) noexcept {
  Task* const me = preemptible_task();
  if (me == nullptr) return;
  const Preempted preempted(*me);
  sched_point(*me, kind_of(step), object,
              reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)));
}

bool preempt_once() noexcept {
  Task* const me = preemptible_task();
  if (me == nullptr) return false;
  const Preempted preempted(*me);
  sched_point(*me, EventKind::kYield);
  return true;
}

bool preempt_until_wake(const void* object) noexcept {
  Task* const me = preemptible_task();
  if (me == nullptr) return false;
  const Preempted preempted(*me);
  announce(*me, EventKind::kLock, object);
  futex_wait(*me, object);
  return true;
}

void preempt_wake(const void* object) noexcept {
  if (preemptible_task() != nullptr) futex_wake(object, kEverybody);
}

}  // namespace ums::kernel
