// SPDX-License-Identifier: Apache-2.0
//
// UserPtr<T>: an address that a program passed to the kernel (Linux: T __user *).
//
// It is not a pointer: nothing dereferences it, and only copy_from_user and copy_to_user
// (user_copy.h) take it. What the library itself passes to the kernel is a kernel pointer in the
// same clothes (Linux: set_fs(KERNEL_DS), sockptr_t): known to be valid, and copied without checks.
//
// Invariants:
// 1. A kernel UserPtr points to a live, writable T (readable, for const T).
// 2. A user UserPtr may hold any number at all. It may come with the frame of the call that it was
//    passed to: the page of that frame is writable and stays so, or the call could not return, and
//    the program's variables beside it can be copied without a check.
//
// Thread safety: a plain value.
#pragma once

#include <cstddef>
#include <type_traits>

namespace ums::kernel {

// The smallest page there is: nothing is known about two addresses that it does not hold both.
inline constexpr unsigned long kPageBytes = 4096;

// In the place of a frame: the address is that of kernel memory.
inline constexpr unsigned long kKernelMemory = ~0UL;

template <typename T>
class UserPtr {
 public:
  constexpr UserPtr() noexcept = default;

  // What a program passed, taken as it is, NULL included. `frame`: an address in the stack frame of
  // the call, or 0 if none is known, or kKernelMemory.
  constexpr UserPtr(unsigned long address, unsigned long frame) noexcept
      : address_(address), frame_(frame) {}

  // What our own code passes.
  static UserPtr kernel(T* pointer) noexcept {
    return UserPtr(reinterpret_cast<unsigned long>(pointer), kKernelMemory);
  }

  unsigned long address() const noexcept { return address_; }

  // Whether `bytes` bytes from here on can be read and written without a check.
  constexpr bool is_direct(std::size_t bytes) const noexcept {
    if (frame_ == kKernelMemory) return true;
    return frame_ != 0 && (address_ ^ frame_) < kPageBytes &&
           bytes <= kPageBytes - address_ % kPageBytes;
  }

  // The same address as that of another type: the argument of an ioctl becomes that of its struct.
  template <typename U>
  UserPtr<U> as() const noexcept {
    static_assert(std::is_const_v<U> || !std::is_const_v<T>);
    return UserPtr<U>(address_, frame_);
  }

 private:
  unsigned long address_ = 0;
  unsigned long frame_ = 0;
};

}  // namespace ums::kernel
