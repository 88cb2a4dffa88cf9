// SPDX-License-Identifier: Apache-2.0
//
// RCU: readers that never wait, and writers that wait until no reader can still see what they took
// out (Linux: RCU; the algorithm is userspace-rcu's "memb" flavour).
//
//     reader                                      writer
//     RcuReadGuard guard;                         old = list.load();
//     Object* o = rcu_dereference(list);          rcu_assign_pointer(list, fresh);
//     ... *o stays valid to the guard's end       call_rcu(&old->rcu, free_object);
//
// A reader notes in its Task the phase in which its outermost section began. A grace period waits
// out the readers of the other phase, flips the phase, and does so again, with a membarrier before
// and after: two instructions and no fence for the reader (membarrier.h). A quiescent state is
// everything outside of read sections.
//
// Guarantees:
// 1. A read section that began before a grace period did has ended when the grace period ends.
// 2. Therefore, what was taken out before synchronize_rcu or call_rcu is seen by no reader after
//    the one returned, or when the other's callback runs.
// 3. A reader that sees a pointer by rcu_dereference sees all that its writer did before the
//    rcu_assign_pointer.
// 4. Callbacks run one at a time, in the order of their call_rcu.
// 5. After rcu_barrier every callback queued before it has run.
//
// Thread safety: all functions, from any thread; read sections nest. A task in a read section does
// not sleep or switch (rcu_assert_not_reading).
#pragma once

#include <atomic>

#include "sim_kernel/base/kassert.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/sync/membarrier.h"
#include "sim_kernel/sync/preemption.h"

namespace ums::kernel {

// What an object embeds to be freed by call_rcu. Zero while it is not queued.
struct RcuHead {
  RcuHead* next = nullptr;
  void (*function)(RcuHead* head) = nullptr;
};

// Task::rcu_reader: how deeply its sections nest, and the phase of the outermost.
inline constexpr unsigned long kRcuNestMask = 0xffff;
inline constexpr unsigned long kRcuPhase = kRcuNestMask + 1;

// What an outermost rcu_read_lock copies: nesting 1, and the phase of now.
extern std::atomic<unsigned long> rcu_now __attribute__((visibility("hidden")));

// The calling thread's Task where it has none yet.
Task& rcu_first_reader() noexcept;

inline Task& rcu_reader_task() noexcept {
  Task* const task = current_or_null;
  return task != nullptr ? *task : rcu_first_reader();
}

// Begins a read section, or nests deeper.
// Context: any. Never waits.
// Ordering: what the section reads is read after the begin is known to grace periods (pairs with
// the membarriers of one).
inline void rcu_read_lock() noexcept {
  std::atomic<unsigned long>& reader = rcu_reader_task().rcu_reader;
  const unsigned long nest = reader.load(std::memory_order_relaxed);  // its own
  if ((nest & kRcuNestMask) != 0) {
    reader.store(nest + 1, std::memory_order_relaxed);  // grace periods ask only whether it is 0
    return;
  }
  // Acquire, with the flip of the phase: what came before the flip is behind the reader.
  preemption_point(KernelStep::kLoad, &rcu_now);
  const unsigned long now = rcu_now.load(std::memory_order_acquire);
  preemption_point(KernelStep::kLoad, &rcu_now);
  store_then_light_barrier(reader, now);
}

// Ends a read section.
// Ordering: release; pairs with the acquire of the grace period that finds the section ended.
inline void rcu_read_unlock() noexcept {
  std::atomic<unsigned long>& reader = current_or_null->rcu_reader;
  preemption_point(KernelStep::kLoad, &rcu_now);
  reader.store(reader.load(std::memory_order_relaxed) - 1, std::memory_order_release);
}

// Whether the caller is in a read section.
inline bool rcu_read_lock_held() noexcept {
  const Task* const task = current_or_null;
  return task != nullptr && (task->rcu_reader.load(std::memory_order_relaxed) & kRcuNestMask) != 0;
}

// A read section for a scope.
class RcuReadGuard {
 public:
  RcuReadGuard() noexcept { rcu_read_lock(); }
  ~RcuReadGuard() { rcu_read_unlock(); }
  RcuReadGuard(const RcuReadGuard&) = delete;
  RcuReadGuard& operator=(const RcuReadGuard&) = delete;
};

// Reads a pointer that writers change under readers. The object is valid to the section's end.
// LINUX: ordered by the address dependency alone. SIM: acquire, with rcu_assign_pointer's release;
// C++ has no working order for dependencies, and on x86-64 there is no difference.
template <typename T>
inline T* rcu_dereference(const std::atomic<T*>& pointer) noexcept {
  preemption_point(KernelStep::kLoad, &pointer);
  return pointer.load(std::memory_order_acquire);
}

// Publishes `object`, initialised by now. Ordering: release, see rcu_dereference.
template <typename T>
inline void rcu_assign_pointer(std::atomic<T*>& pointer, std::type_identity_t<T>* object) noexcept {
  preemption_point(KernelStep::kStore, &pointer);
  pointer.store(object, std::memory_order_release);
}

// Asserts that the caller is outside read sections: it is about to wait or to switch, in `where`.
void rcu_assert_not_reading_failed(const char* where) noexcept;
inline void rcu_assert_not_reading(const char* where) noexcept {
  if (rcu_read_lock_held()) [[unlikely]]
    rcu_assert_not_reading_failed(where);
}

// Asserts that the caller is in a read section: it looks at what `where` frees by call_rcu. In lock
// debugging builds only (Linux: PROVE_RCU).
inline void rcu_assert_reading(const char* where) noexcept {
  kassert(!UMS_LOCK_DEBUG || rcu_read_lock_held(), "suspicious RCU usage: {}", where);
}

// Runs `function(head)` once no reader can see the object that `head` is part of. There is no
// thread in the background: with kRcuCallbacksMax callbacks waiting, the caller's task is asked
// (kExitRcu) to call rcu_do_callbacks on its way out of the kernel.
// Context: any; takes no lock, allocates nothing. The function runs outside of read sections with
// no lock held, on any thread, and does not wait.
// Ownership: the object is the callback's.
void call_rcu(RcuHead* head, void (*function)(RcuHead* head)) noexcept;

// Waits for a grace period. Context: may sleep; not in a read section, no spinlock held.
void synchronize_rcu() noexcept;

// Waits until all callbacks queued so far have run; runs them. Context: as synchronize_rcu, and
// not in a callback.
void rcu_barrier() noexcept;

// Takes the grace period that the oldest callbacks wait for as far as it goes without waiting, and
// runs them if it is over. Clears the caller's kExitRcu.
// Context: not in a read section, no spinlock held.
void rcu_do_callbacks() noexcept;

// Chooses how readers and grace periods meet (membarrier_init). Readers work before that too.
void rcu_init() noexcept;

// In the one thread of a forked child, once the task list holds it alone: forgets grace periods
// that threads of the parent were in. Callbacks that one of them was about to run are lost.
void rcu_reset_after_fork() noexcept;

}  // namespace ums::kernel
