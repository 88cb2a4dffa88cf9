// SPDX-License-Identifier: Apache-2.0
#include "ums_api/instrumented/access.h"

#if UMS_MACHINE_SIMULATED

#include <cstring>

#include "ums_api/instrumented/other_runtime.h"

namespace ums::api {

namespace {

using kernel::AccessKind;
using kernel::TaskHistory;

bool acquires(int order) noexcept {
  return order == __ATOMIC_CONSUME || order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL ||
         order == __ATOMIC_SEQ_CST;
}

bool releases(int order) noexcept {
  return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

// The hooks' addresses are volatile where the program's are.
const void* plain(const volatile void* address) noexcept {
  return const_cast<const void*>(address);
}

const void* granule_of(const volatile void* address) noexcept {
  const auto bits = reinterpret_cast<std::uintptr_t>(address);
  return reinterpret_cast<const void*>(bits & ~(kernel::kGranuleBytes - 1));
}

constexpr std::size_t kFlagBytesMax = 16;  // a range is no flag

void stop_before(Task& me, EventKind kind, const volatile void* address, const void* pc) noexcept {
  kernel::announce(me, kind, granule_of(address), reinterpret_cast<std::uintptr_t>(pc));
  TaskHistory* const history = kernel::history_of(me);
  if (history != nullptr && kernel::wait_in_busy_loop(me, history->loop)) return;
  kernel::let_others_go_on(me);
}

void check(Task& me, const volatile void* address, std::size_t bytes, AccessKind kind,
           const void* pc) noexcept {
  if (TaskHistory* const history = kernel::history_of(me)) {
    kernel::check_access(me, plain(address), bytes, kind, {pc, history->caller});
  }
}

void note_value(Task& me, const volatile void* address, std::uint64_t value) noexcept {
  if (TaskHistory* const history = kernel::history_of(me)) {
    kernel::note_same_or_new(me, history->loop, plain(address), value);
  }
}

// The program is about to read the same.
std::uint64_t value_at(const void* address, std::size_t bytes) noexcept {
  std::uint64_t halves[2] = {};
  std::memcpy(halves, address, bytes);
  return halves[0] ^ halves[1] * 3;
}

}  // namespace

void access_plain(const volatile void* address, std::size_t bytes, Plain what,
                  const void* pc) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return;
  constexpr EventKind kEvents[] = {EventKind::kRead, EventKind::kWrite, EventKind::kUpdate};
  stop_before(*me, kEvents[static_cast<int>(what)], address, pc);
  if (what == Plain::kRead) {
    check(*me, address, bytes, AccessKind::kRead, pc);
    if (bytes <= kFlagBytesMax) note_value(*me, address, value_at(plain(address), bytes));
  } else {
    check(*me, address, bytes, AccessKind::kWrite, pc);
    kernel::note_write(plain(address));
  }
}

Task* before_atomic(EventKind kind, const volatile void* address, const void* pc) noexcept {
  Task* const me = current_simulated();
  if (me != nullptr) stop_before(*me, kind, address, pc);
  return me;
}

void after_load(Task& me, const AtomicAccess& access, std::uint64_t value) noexcept {
  if (!kernel::races_are_watched) return;
  kernel::atomic_load_order(me, plain(access.address), acquires(access.order));
  check(me, access.address, access.bytes, AccessKind::kAtomicRead, access.pc);
  note_value(me, access.address, value);
}

void after_store(Task& me, const AtomicAccess& access) noexcept {
  if (!kernel::races_are_watched) return;
  check(me, access.address, access.bytes, AccessKind::kAtomicWrite, access.pc);
  kernel::atomic_store_order(me, plain(access.address), releases(access.order));
  kernel::note_write(plain(access.address));
}

namespace {

void note_update(Task& me, const AtomicAccess& access) noexcept {
  kernel::atomic_load_order(me, plain(access.address), acquires(access.order));
  check(me, access.address, access.bytes, AccessKind::kAtomicWrite, access.pc);
  kernel::atomic_update_order(me, plain(access.address), releases(access.order));
}

}  // namespace

void after_update(Task& me, const AtomicAccess& access) noexcept {
  if (!kernel::races_are_watched) return;
  note_update(me, access);
  kernel::note_write(plain(access.address));
}

void after_vain_update(Task& me, const AtomicAccess& access, std::uint64_t value) noexcept {
  if (!kernel::races_are_watched) return;
  note_update(me, access);
  note_value(me, access.address, value);
}

void fence(int order) noexcept {
  Task* const me = current_simulated();
  if (me != nullptr && kernel::races_are_watched) {
    kernel::fence_order(*me, acquires(order), releases(order));
  }
}

void begin_instrumented() noexcept {
  refuse_other_runtime();
  kernel::watch_races();
}

void enter_function(const void* from, const void* stack) noexcept {
  Task* const me = current_simulated();
  TaskHistory* const history = me != nullptr ? kernel::history_of(*me) : nullptr;
  if (history != nullptr) history->caller = kernel::call_tree_enter(history->caller, from, stack);
}

void leave_function(const void* stack) noexcept {
  Task* const me = current_simulated();
  TaskHistory* const history = me != nullptr ? kernel::history_of(*me) : nullptr;
  if (history != nullptr) history->caller = kernel::call_tree_leave(history->caller, stack);
}

void acquire_object(const void* address) noexcept {
  if (Task* const me = current_simulated()) kernel::happens_after(*me, address);
}

void release_object(const void* address) noexcept {
  if (Task* const me = current_simulated()) kernel::happens_before(*me, address);
}

}  // namespace ums::api

#endif
