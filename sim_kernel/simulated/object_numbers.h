// SPDX-License-Identifier: Apache-2.0
//
// ObjectNumbers: what an execution's objects are called, in the order in which they were first
// used: 1, 2, ... The same in every execution that has gone the same way until then, which their
// addresses are not.
//
// An object in the place of one that was freed inherits its number.
//
// Thread safety: the carrier.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ums::kernel {

class ObjectNumbers {
 public:
  constexpr ObjectNumbers() = default;
  ~ObjectNumbers();
  ObjectNumbers(const ObjectNumbers&) = delete;
  ObjectNumbers& operator=(const ObjectNumbers&) = delete;

  // 0 for null. Without memory all new ones are called alike.
  std::uint32_t number_of(const void* address) noexcept;

  // What is called so, or null. Context: slow.
  const void* find(std::uint32_t number) const noexcept;

  // A new execution begins.
  void forget_all() noexcept {
    ++generation_;
    count_ = 0;
  }

 private:
  struct Slot {
    const void* address;
    std::uint32_t generation;  // of another: the slot is free
    std::uint32_t number;
  };

  Slot& slot_of(const void* address) const noexcept;
  bool grow() noexcept;

  // Open addressing, a power of two, half full at most.
  Slot* slots_ = nullptr;
  std::size_t capacity_ = 0;
  std::uint32_t generation_ = 1;
  std::uint32_t count_ = 0;
};

}  // namespace ums::kernel
