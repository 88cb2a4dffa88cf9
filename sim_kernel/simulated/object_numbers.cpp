// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/object_numbers.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sim_kernel/mm/kvmalloc.h"

namespace ums::kernel {

namespace {

// Fibonacci hashing (Knuth, vol. 3, 6.4).
std::size_t hash(const void* address) noexcept {
  return reinterpret_cast<std::uintptr_t>(address) * 0x9e3779b97f4a7c15 >> 32;
}

}  // namespace

ObjectNumbers::~ObjectNumbers() { kvfree(slots_); }

// The slot that holds the address, or the free one where it belongs.
ObjectNumbers::Slot& ObjectNumbers::slot_of(const void* address) const noexcept {
  std::size_t i = hash(address);
  for (;; ++i) {
    Slot& slot = slots_[i & (capacity_ - 1)];
    if (slot.generation != generation_ || slot.address == address) return slot;
  }
}

bool ObjectNumbers::grow() noexcept {
  const std::size_t old_capacity = capacity_;
  const std::size_t capacity = std::max<std::size_t>(2 * capacity_, 256);
  auto* const slots = static_cast<Slot*>(kvmalloc(capacity * sizeof(Slot)));
  if (slots == nullptr) return false;
  std::fill_n(slots, capacity, Slot{});
  Slot* const old = std::exchange(slots_, slots);
  capacity_ = capacity;
  for (std::size_t i = 0; i < old_capacity; ++i) {
    if (old[i].generation == generation_) slot_of(old[i].address) = old[i];
  }
  kvfree(old);
  return true;
}

std::uint32_t ObjectNumbers::number_of(const void* address) noexcept {
  if (address == nullptr) return 0;
  if (2 * (count_ + std::size_t{1}) > capacity_ && !grow()) {
    return std::numeric_limits<std::uint32_t>::max();
  }
  Slot& slot = slot_of(address);
  if (slot.generation != generation_) slot = {address, generation_, ++count_};
  return slot.number;
}

const void* ObjectNumbers::find(std::uint32_t number) const noexcept {
  for (std::size_t i = 0; i < capacity_; ++i) {
    const Slot& slot = slots_[i];
    if (slot.generation == generation_ && slot.number == number) return slot.address;
  }
  return nullptr;
}

}  // namespace ums::kernel
