// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/ums/event.h"

#include <cerrno>

#include "sim_kernel/mm/kvmalloc.h"

namespace ums::kernel {

namespace {

constexpr std::uint32_t kFirstCapacity = 8;

}  // namespace

EventQueue::~EventQueue() { kvfree(slots_); }

Result<void> EventQueue::grow() noexcept {
  const std::uint32_t capacity = capacity_ == 0 ? kFirstCapacity : 2 * capacity_;
  if (capacity == 0) return Error{ENOMEM};
  auto* const slots = static_cast<ums_sched_event*>(kvmalloc(capacity * sizeof *slots_));
  if (slots == nullptr) return Error{ENOMEM};
  std::uint32_t count = 0;
  for (; tail_ != head_; ++tail_) slots[count++] = front();
  kvfree(slots_);
  slots_ = slots;
  capacity_ = capacity;
  tail_ = 0;
  head_ = count;
  return {};
}

}  // namespace ums::kernel
