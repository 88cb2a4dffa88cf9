// SPDX-License-Identifier: Apache-2.0
//
// Choice: one of those that may go on, and what it does next. A task stops before each step that
// others may see: it is known what that will be, and not yet done.
//
// Thread safety: plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ums::kernel {

enum class EventKind : std::uint8_t {
  kBegin,   // the task's first step
  kCreate,  // of a thread
  kJoin,
  kLock,
  kTimedLock,
  kTryLock,
  kUnlock,
  kOnce,
  kWait,  // on a condition variable
  kWake,
  kPost,  // of a semaphore
  kYield,
  kSleep,
  kClock,   // a look at the time
  kCall,    // of the device
  kRead,    // of memory
  kWrite,   // of memory
  kUpdate,  // of memory: an atomic read and write
  kPoint,   // ums_sim_point
  kCancel,  // of a thread
  kSignal,  // to a thread or to all
  kDescriptor,
  // Taking a CPU, where that takes time (eligible_tasks.h).
  kDispatch,
};

inline constexpr std::size_t kEventKinds = static_cast<std::size_t>(EventKind::kDispatch) + 1;

// As a verb: "waits to lock ...".
inline constexpr const char* event_name(EventKind kind) noexcept {
  constexpr std::array kNames = {"begin",
                                 "create a thread",
                                 "join",
                                 "lock",
                                 "lock",
                                 "try to lock",
                                 "unlock",
                                 "do once",
                                 "wait for",
                                 "wake",
                                 "post",
                                 "yield",
                                 "sleep",
                                 "look at a clock",
                                 "call the device about",
                                 "read",
                                 "write",
                                 "update",
                                 "pass a point",
                                 "cancel a thread",
                                 "send a signal",
                                 "use a descriptor",
                                 "take a CPU"};
  static_assert(kNames.size() == kEventKinds);
  return kNames[static_cast<std::size_t>(kind)];
}

// `object`: what the step is about (object_numbers.h); 0: nothing that others share. `site`: the
// place in the program, where it is known, by which a strategy knows the step again in another
// execution; 0: it is not. Sites may be compared, and for equality only: where a program lies in
// memory is nothing that an execution may depend on.
struct Event {
  EventKind kind = EventKind::kBegin;
  std::uint32_t object = 0;
  std::uintptr_t site = 0;
};

// A step that changes what others do next, whatever that is.
inline bool is_about_tasks(EventKind kind) noexcept {
  return kind == EventKind::kCancel || kind == EventKind::kSignal;
}

// Not what a task does again and again that waits for something in a loop.
inline bool is_deed(EventKind kind) noexcept {
  const bool is_access = kind >= EventKind::kRead && kind <= EventKind::kUpdate;
  return kind != EventKind::kYield && kind != EventKind::kClock && !is_access;
}

// Whether it may matter which of two steps of different tasks comes first.
inline bool may_conflict(const Event& a, const Event& b) noexcept {
  if (is_about_tasks(a.kind) || is_about_tasks(b.kind)) return true;
  if (a.object == 0 || a.object != b.object) return false;
  return a.kind != EventKind::kRead || b.kind != EventKind::kRead;
}

struct Choice {
  int task = 0;  // its number
  Event next;
};

}  // namespace ums::kernel
