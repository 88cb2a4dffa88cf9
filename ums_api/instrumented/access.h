// SPDX-License-Identifier: Apache-2.0
//
// What an instrumented program's accesses of memory do: `-fsanitize=thread` makes the compiler call
// a function at each (accesses.cpp, atomics.cpp). In a simulation that is a step, before which
// others may go on, and the race detector hears of it (races/race_detector.h). Elsewhere it is
// nothing, and in the library for programs that are to run by themselves, libums-instrumented, it
// is never more.
//
// Two tasks that access one granule of eight bytes conflict, whichever of its bytes they access.
// LIMIT: of an access of more than one granule the step is about the first.
//
// Thread safety: any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#if UMS_MACHINE_SIMULATED
#include "sim_kernel/simulated/races/race_detector.h"
#include "ums_api/simulated/current_simulated.h"
#endif

namespace ums::api {

enum class Plain : std::uint8_t { kRead, kWrite, kReadWrite };

// An atomic access, as the compiler has ordered it: an `order` is one of __ATOMIC_RELAXED ...
struct AtomicAccess {
  const volatile void* address;
  std::size_t bytes;
  int order;
  const void* pc;
};

#if UMS_MACHINE_SIMULATED

using kernel::EventKind;
using kernel::Task;

void access_plain(const volatile void* address, std::size_t bytes, Plain what,
                  const void* pc) noexcept;

// Others go on first. Null: the caller is in no simulation. `pc`: of the program.
Task* before_atomic(EventKind kind, const volatile void* address, const void* pc) noexcept;

// It has been made. `value`: what was found there, or its digest.
void after_load(Task& me, const AtomicAccess& access, std::uint64_t value) noexcept;
void after_store(Task& me, const AtomicAccess& access) noexcept;
void after_update(Task& me, const AtomicAccess& access) noexcept;
// An update, but that it has put there what was there.
void after_vain_update(Task& me, const AtomicAccess& access, std::uint64_t value) noexcept;

void fence(int order) noexcept;

// Instrumented code is there.
void begin_instrumented() noexcept;

// Functions of the program.
void enter_function(const void* from, const void* stack) noexcept;
void leave_function(const void* stack) noexcept;

// What annotations of a program say of its own locks.
void acquire_object(const void* address) noexcept;
void release_object(const void* address) noexcept;

#else

enum class EventKind : std::uint8_t { kRead, kWrite, kUpdate };
struct Task {};

inline void access_plain(const volatile void*, std::size_t, Plain, const void*) noexcept {}
inline Task* before_atomic(EventKind, const volatile void*, const void*) noexcept {
  return nullptr;
}
inline void after_load(Task&, const AtomicAccess&, std::uint64_t) noexcept {}
inline void after_store(Task&, const AtomicAccess&) noexcept {}
inline void after_update(Task&, const AtomicAccess&) noexcept {}
inline void after_vain_update(Task&, const AtomicAccess&, std::uint64_t) noexcept {}
inline void fence(int) noexcept {}
inline void begin_instrumented() noexcept {}
inline void enter_function(const void*, const void*) noexcept {}
inline void leave_function(const void*) noexcept {}
inline void acquire_object(const void*) noexcept {}
inline void release_object(const void*) noexcept {}

#endif

}  // namespace ums::api
