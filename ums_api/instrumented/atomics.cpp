// SPDX-License-Identifier: Apache-2.0
//
// The functions that `-fsanitize=thread` calls in the place of atomic operations. Each is done,
// sequentially consistent whatever its order: that is for the race detector.
#include <cstdint>

#include "ums_api/instrumented/access.h"
#include "ums_api/instrumented/hook.h"
#include "ums_api/instrumented/wide_atomic.h"

namespace ums::api {

namespace {

// Beside the order, gcc passes hints in higher bits.
AtomicAccess access_of(const volatile void* address, std::size_t bytes, int order, const void* pc) {
  constexpr int kOrderBits = 0x7;
  return {address, bytes, order & kOrderBits, pc};
}

template <typename T>
std::uint64_t digest(T value) {
  if constexpr (sizeof(T) > sizeof(std::uint64_t)) {
    return static_cast<std::uint64_t>(value) ^ static_cast<std::uint64_t>(value >> 64) * 3;
  } else {
    return value;
  }
}

template <typename T>
T load(const volatile T* address, int order, const void* pc) {
  Task* const me = before_atomic(EventKind::kRead, address, pc);
  const T value = atomic_get(address);
  if (me != nullptr) after_load(*me, access_of(address, sizeof(T), order, pc), digest(value));
  return value;
}

template <typename T>
void store(volatile T* address, T value, int order, const void* pc) {
  Task* const me = before_atomic(EventKind::kWrite, address, pc);
  atomic_set(address, value);
  if (me != nullptr) after_store(*me, access_of(address, sizeof(T), order, pc));
}

// Replaces what is there by what `next_of` makes of it. Returns what was there.
template <typename T, typename NextOf>
T update(volatile T* address, int order, const void* pc, NextOf next_of) {
  Task* const me = before_atomic(EventKind::kUpdate, address, pc);
  T old = atomic_get(address);
  while (!atomic_replace(address, old, next_of(old))) {
  }
  if (me == nullptr) return old;
  const AtomicAccess access = access_of(address, sizeof(T), order, pc);
  if (next_of(old) == old) {
    after_vain_update(*me, access, digest(old));
  } else {
    after_update(*me, access);
  }
  return old;
}

struct Orders {
  int success;
  int failure;
};

// A failure is a load. Puts what was there into `expected`.
template <typename T>
bool compare_exchange(volatile T* address, T& expected, T desired, Orders orders, const void* pc) {
  Task* const me = before_atomic(EventKind::kUpdate, address, pc);
  const T wanted = expected;
  const bool done = atomic_replace(address, expected, desired);
  if (me == nullptr) return done;
  if (!done) {
    after_load(*me, access_of(address, sizeof(T), orders.failure, pc), digest(expected));
  } else if (wanted == desired) {
    after_vain_update(*me, access_of(address, sizeof(T), orders.success, pc), digest(wanted));
  } else {
    after_update(*me, access_of(address, sizeof(T), orders.success, pc));
  }
  return done;
}

}  // namespace

}  // namespace ums::api

using namespace ums::api;

#define UMS_ATOMIC_UPDATE(BITS, NAME, NEXT)                                             \
  UMS_HOOK Atomic##BITS __tsan_atomic##BITS##_##NAME(volatile Atomic##BITS* address,    \
                                                     Atomic##BITS operand, int order) { \
    return update(address, order, UMS_HOOK_PC,                                          \
                  [=](Atomic##BITS old) { return static_cast<Atomic##BITS>(NEXT); });   \
  }

#define UMS_ATOMIC_COMPARE(BITS, NAME)                                                           \
  UMS_HOOK int __tsan_atomic##BITS##_compare_exchange_##NAME(                                    \
      volatile Atomic##BITS* address, Atomic##BITS* expected, Atomic##BITS desired, int success, \
      int failure) {                                                                             \
    return compare_exchange(address, *expected, desired, {success, failure}, UMS_HOOK_PC);       \
  }

#define UMS_ATOMIC(BITS)                                                                        \
  UMS_HOOK Atomic##BITS __tsan_atomic##BITS##_load(const volatile Atomic##BITS* address,        \
                                                   int order) {                                 \
    return load(address, order, UMS_HOOK_PC);                                                   \
  }                                                                                             \
  UMS_HOOK void __tsan_atomic##BITS##_store(volatile Atomic##BITS* address, Atomic##BITS value, \
                                            int order) {                                        \
    store(address, value, order, UMS_HOOK_PC);                                                  \
  }                                                                                             \
  UMS_ATOMIC_UPDATE(BITS, exchange, (static_cast<void>(old), operand))                          \
  UMS_ATOMIC_UPDATE(BITS, fetch_add, old + operand)                                             \
  UMS_ATOMIC_UPDATE(BITS, fetch_sub, old - operand)                                             \
  UMS_ATOMIC_UPDATE(BITS, fetch_and, old& operand)                                              \
  UMS_ATOMIC_UPDATE(BITS, fetch_or, old | operand)                                              \
  UMS_ATOMIC_UPDATE(BITS, fetch_xor, old ^ operand)                                             \
  UMS_ATOMIC_UPDATE(BITS, fetch_nand, ~(old & operand))                                         \
  UMS_ATOMIC_COMPARE(BITS, strong)                                                              \
  UMS_ATOMIC_COMPARE(BITS, weak)                                                                \
  UMS_HOOK Atomic##BITS __tsan_atomic##BITS##_compare_exchange_val(                             \
      volatile Atomic##BITS* address, Atomic##BITS expected, Atomic##BITS desired, int success, \
      int failure) {                                                                            \
    compare_exchange(address, expected, desired, {success, failure}, UMS_HOOK_PC);              \
    return expected;                                                                            \
  }

UMS_ATOMIC(8)
UMS_ATOMIC(16)
UMS_ATOMIC(32)
UMS_ATOMIC(64)
UMS_ATOMIC(128)

UMS_HOOK void __tsan_atomic_thread_fence(int order) {
  ums::api::fence(order);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

UMS_HOOK void __tsan_atomic_signal_fence(int /*order*/) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
