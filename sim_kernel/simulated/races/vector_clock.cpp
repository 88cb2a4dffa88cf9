// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/races/vector_clock.h"

#include <algorithm>
#include <utility>

#include "sim_kernel/mm/kvmalloc.h"

namespace ums::kernel {

VectorClock::~VectorClock() { kvfree(times_); }

// New times are 0.
bool VectorClock::grow_to(std::uint32_t size) noexcept {
  if (size > capacity_) {
    const std::uint32_t capacity = std::max<std::uint32_t>({size, 2 * capacity_, 4});
    auto* const times = static_cast<Time*>(kvmalloc(capacity * sizeof(Time)));
    if (times == nullptr) return false;
    std::copy_n(times_, size_, times);
    kvfree(std::exchange(times_, times));
    capacity_ = capacity;
  }
  if (size > size_) std::fill(times_ + size_, times_ + size, 0);
  size_ = std::max(size_, size);
  return true;
}

bool VectorClock::advance(int task) noexcept {
  const auto index = static_cast<std::uint32_t>(task);
  if (!grow_to(index + 1)) return false;
  ++times_[index];
  return true;
}

bool VectorClock::join(const VectorClock& other) noexcept {
  if (!grow_to(other.size_)) return false;
  for (std::uint32_t i = 0; i < other.size_; ++i) times_[i] = std::max(times_[i], other.times_[i]);
  return true;
}

bool VectorClock::assign(const VectorClock& other) noexcept {
  if (!grow_to(other.size_)) return false;
  std::copy_n(other.times_, other.size_, times_);
  size_ = other.size_;
  return true;
}

}  // namespace ums::kernel
