// SPDX-License-Identifier: Apache-2.0
//
// copy_from_user, copy_to_user: how the kernel reads and writes the program's memory (Linux:
// uaccess.h). A bad address is an ordinary result, never a signal.
//
//     if (!put_user(argument.as<int>(), id)) return Error{EACCES};
//
// Two ways:
//   - what a UserPtr knows to be writable is copied directly: kernel memory, and the program's
//     variables in the page of the call's own stack frame (user_ptr.h);
//   - everything else goes through process_vm_readv and process_vm_writev (about half a
//     microsecond), which fail cleanly. In the program's own process, where a sandbox forbids them,
//     it goes through a pipe of our own, since write(2) and read(2) check their buffers too. The
//     pipe needs two free descriptors for the moment; without them a copy fails.
// There is no SIGSEGV handler: that signal is the program's.
//
// Invariants:
// 1. An object of at most kUserObjectBytesMax bytes is written completely or not at all, also
//    where it crosses into a page that cannot be written. (LINUX: may write a part.)
// 2. errno, signal handlers and the program's descriptors are left alone.
//
// Thread safety: any thread, never on a park stack.
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/mm/user_ptr.h"

namespace ums::kernel {

// Copies that check. Return the number of bytes NOT copied.
[[nodiscard]] std::size_t copy_to_user_slow(unsigned long to, const void* from,
                                            std::size_t bytes) noexcept;
[[nodiscard]] std::size_t copy_from_user_slow(void* to, unsigned long from,
                                              std::size_t bytes) noexcept;

// For tests: takes the pipe even where process_vm_writev works.
void user_copy_force_pipe(bool forced) noexcept;

// Copies `bytes` bytes to the program. Returns the number of bytes NOT copied: 0 is success.
[[nodiscard]] inline std::size_t copy_to_user(UserPtr<void> to, const void* from,
                                              std::size_t bytes) noexcept {
  if (to.is_direct(bytes)) {
    std::memcpy(reinterpret_cast<void*>(to.address()), from, bytes);
    return 0;
  }
  return copy_to_user_slow(to.address(), from, bytes);
}

// Copies `bytes` bytes from the program. Returns the number of bytes NOT copied; these bytes of
// `to` are undefined (LINUX: zero).
[[nodiscard]] inline std::size_t copy_from_user(void* to, UserPtr<const void> from,
                                                std::size_t bytes) noexcept {
  if (from.is_direct(bytes)) {
    std::memcpy(to, reinterpret_cast<const void*>(from.address()), bytes);
    return 0;
  }
  return copy_from_user_slow(to, from.address(), bytes);
}

// Writes one object; false if the address is bad, and then nothing was written.
template <typename T>
[[nodiscard]] inline bool put_user(UserPtr<T> to, const std::type_identity_t<T>& value) noexcept {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= kUserObjectBytesMax);
  return copy_to_user(to.template as<void>(), &value, sizeof value) == 0;
}

// Reads one object; false if the address is bad.
template <typename T>
[[nodiscard]] inline bool get_user(std::remove_const_t<T>& value, UserPtr<T> from) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  return copy_from_user(&value, from.template as<const void>(), sizeof value) == 0;
}

}  // namespace ums::kernel
