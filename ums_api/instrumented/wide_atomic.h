// SPDX-License-Identifier: Apache-2.0
//
// Atomic operations on one to sixteen bytes, sequentially consistent. Sixteen are the processor's
// where the compiler has them without a library, and under one lock elsewhere.
//
// Thread safety: any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace ums::api {

using Atomic8 = std::uint8_t;
using Atomic16 = std::uint16_t;
using Atomic32 = std::uint32_t;
using Atomic64 = std::uint64_t;
__extension__ using Atomic128 = unsigned __int128;

template <typename T>
T atomic_get(const volatile T* address) noexcept {
  return __atomic_load_n(address, __ATOMIC_SEQ_CST);
}

template <typename T>
void atomic_set(volatile T* address, T value) noexcept {
  __atomic_store_n(address, value, __ATOMIC_SEQ_CST);
}

// False: another value was there, which `expected` is then.
template <typename T>
bool atomic_replace(volatile T* address, T& expected, T desired) noexcept {
  return __atomic_compare_exchange_n(address, &expected, desired, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST);
}

#ifdef __GCC_HAVE_SYNC_COMPARE_AND_SWAP_16

inline bool atomic_replace(volatile Atomic128* address, Atomic128& expected,
                           Atomic128 desired) noexcept {
  const Atomic128 found = __sync_val_compare_and_swap(address, expected, desired);
  const bool replaced = found == expected;
  expected = found;
  return replaced;
}

#else

inline bool atomic_replace(volatile Atomic128* address, Atomic128& expected,
                           Atomic128 desired) noexcept {
  static std::atomic_flag lock;
  while (lock.test_and_set(std::memory_order_acquire)) {
  }
  const Atomic128 found = *address;
  const bool replaced = found == expected;
  if (replaced) *address = desired;
  lock.clear(std::memory_order_release);
  expected = found;
  return replaced;
}

#endif

// What is there, read by replacing it: memory that cannot be written is not for such atomics.
inline Atomic128 atomic_get(const volatile Atomic128* address) noexcept {
  Atomic128 value = 0;
  atomic_replace(const_cast<volatile Atomic128*>(address), value, value);
  return value;
}

inline void atomic_set(volatile Atomic128* address, Atomic128 value) noexcept {
  Atomic128 old = 0;
  while (!atomic_replace(address, old, value)) {
  }
}

}  // namespace ums::api
