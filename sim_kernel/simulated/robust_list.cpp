// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/robust_list.h"

#include <linux/futex.h>

#include <atomic>
#include <cstdint>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/races/happens_before.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

namespace {

constexpr int kMutexesMax = 1'000'000;  // in a list that has been overwritten

// Null: there is none.
robust_list_head* list_of(Task& task) noexcept {
  if (task.machine.robust_list != nullptr) return task.machine.robust_list;
  robust_list_head* head = nullptr;
  std::size_t bytes = 0;
  raw_syscall(SYS_get_robust_list, task.machine.home.tid, syscall_arg(&head), syscall_arg(&bytes));
  if (bytes == sizeof *head) task.machine.robust_list = head;
  return task.machine.robust_list;
}

// Of an entry; the lowest bit says that it inherits priorities.
robust_list* without_flag(robust_list* entry) noexcept {
  return reinterpret_cast<robust_list*>(reinterpret_cast<std::uintptr_t>(entry) & ~1UL);
}

void leave_mutex(Task& me, std::uint32_t* word) noexcept {
  sched_point(me, EventKind::kUnlock, word);
  const std::atomic_ref<std::uint32_t> lock(*word);
  const std::uint32_t value = lock.load();
  if ((value & FUTEX_TID_MASK) != static_cast<std::uint32_t>(me.machine.home.tid)) return;
  lock.store((value & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
  happens_before(me, word);
  futex_wake(word, kEverybody);
}

}  // namespace

bool has_robust_mutexes(Task& me) noexcept {
  const robust_list_head* const head = list_of(me);
  return head != nullptr && head->list.next != &head->list;
}

void leave_robust_mutexes(Task& me) noexcept {
  robust_list_head* const head = list_of(me);
  if (head == nullptr) return;
  robust_list* entry = without_flag(head->list.next);
  for (int left = kMutexesMax; entry != &head->list && left > 0; --left) {
    robust_list* const next = without_flag(entry->next);  // before another has the mutex
    leave_mutex(
        me, reinterpret_cast<std::uint32_t*>(reinterpret_cast<char*>(entry) + head->futex_offset));
    entry = next;
  }
  head->list.next = &head->list;
}

}  // namespace ums::kernel
