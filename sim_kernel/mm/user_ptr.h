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
// 2. A user UserPtr may hold any number at all.
//
// Thread safety: a plain value.
#pragma once

#include <type_traits>

namespace ums::kernel {

template <typename T>
class UserPtr {
 public:
  constexpr UserPtr() noexcept = default;

  // What a program passed. `address` is taken as it is, NULL included.
  static UserPtr user(unsigned long address) noexcept { return UserPtr(address, false); }

  // What our own code passes.
  static UserPtr kernel(T* pointer) noexcept {
    return UserPtr(reinterpret_cast<unsigned long>(pointer), true);
  }

  unsigned long address() const noexcept { return address_; }
  bool is_kernel() const noexcept { return kernel_; }

  // Context: is_kernel() only.
  T* kernel_pointer() const noexcept { return reinterpret_cast<T*>(address_); }

  // The same address as that of another type: the argument of an ioctl becomes that of its struct.
  template <typename U>
  UserPtr<U> as() const noexcept {
    static_assert(std::is_const_v<U> || !std::is_const_v<T>);
    return UserPtr<U>(address_, kernel_);
  }

 private:
  template <typename>
  friend class UserPtr;

  constexpr UserPtr(unsigned long address, bool kernel) noexcept
      : address_(address), kernel_(kernel) {}

  unsigned long address_ = 0;
  bool kernel_ = false;
};

}  // namespace ums::kernel
