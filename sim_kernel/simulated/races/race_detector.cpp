// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/races/race_detector.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/simulated/races/race_report.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

namespace {

struct Pair {
  const void* one;
  const void* other;

  friend bool operator==(const Pair&, const Pair&) = default;
};

// LIMIT: of more pairs than these only the first are reported.
std::array<Pair, 256> reported;
std::size_t reported_count = 0;

// Whether it is new, and there is room for it.
bool note_pair(const void* one, const void* other) noexcept {
  const Pair pair = one < other ? Pair{one, other} : Pair{other, one};
  const auto end = reported.begin() + static_cast<std::ptrdiff_t>(reported_count);
  if (reported_count == reported.size() || std::find(reported.begin(), end, pair) != end) {
    return false;
  }
  reported[reported_count++] = pair;
  return true;
}

bool writes(AccessKind kind) noexcept {
  return kind != AccessKind::kRead && kind != AccessKind::kAtomicRead;
}

bool is_atomic(AccessKind kind) noexcept {
  return kind == AccessKind::kAtomicRead || kind == AccessKind::kAtomicWrite;
}

bool conflicts(AccessKind a, AccessKind b) noexcept {
  return (writes(a) || writes(b)) && !(is_atomic(a) && is_atomic(b));
}

// Whether all that conflicts with the old one conflicts with the new one.
bool covers(AccessKind now, AccessKind old) noexcept {
  return (writes(now) || !writes(old)) && (!is_atomic(now) || is_atomic(old));
}

// Of the current task, in one granule.
struct Attempt {
  int task;
  VectorClock& clock;
  std::uintptr_t granule;  // its first byte
  std::uint8_t bytes;
  AccessKind kind;
  CodePlace place;
};

RacingAccess describe(int task, AccessKind kind, std::uintptr_t granule, std::uint8_t bytes,
                      CodePlace place) noexcept {
  RacingAccess access;
  access.task = task;
  access.kind = kind;
  access.address =
      reinterpret_cast<const void*>(granule + static_cast<std::uintptr_t>(std::countr_zero(bytes)));
  access.bytes = static_cast<std::size_t>(std::popcount(bytes));
  access.frames[0] = place.pc;
  access.depth = 1 + call_tree_trace(place.caller, std::span(access.frames).subspan(1));
  return access;
}

void report(const Attempt& now, const ShadowAccess& before) noexcept {
  if (!note_pair(now.place.pc, before.pc)) return;
  on_race(
      {describe(now.task, now.kind, now.granule, now.bytes, now.place),
       describe(before.task, before.kind, now.granule, before.bytes, {before.pc, before.caller})});
}

bool is_ordered(const Attempt& now, const ShadowAccess& before) noexcept {
  return before.task == now.task || before.time <= now.clock.of(before.task);
}

// Compares, and takes out what the access takes the place of.
void compare(ShadowMemory& shadow, Granule& granule, const Attempt& now) noexcept {
  for (ShadowAccess** link = &granule.accesses; *link != nullptr;) {
    ShadowAccess& before = **link;
    const bool meets = (before.bytes & now.bytes) != 0;
    const bool ordered = is_ordered(now, before);
    const bool races = meets && !ordered && conflicts(now.kind, before.kind);
    if (races) report(now, before);
    if (meets && (ordered || races) && covers(now.kind, before.kind)) {
      before.bytes = static_cast<std::uint8_t>(before.bytes & ~now.bytes);
    }
    if (before.bytes == 0) {
      shadow.remove_access(*link);
    } else {
      link = &before.next;
    }
  }
}

// The task's last step but one was the same: only the place may differ.
bool is_repeated(const Granule& granule, const Attempt& now) noexcept {
  ShadowAccess* const last = granule.accesses;
  if (last == nullptr || last->task != now.task || last->bytes != now.bytes ||
      last->kind != now.kind || last->time != now.clock.of(now.task)) {
    return false;
  }
  last->pc = now.place.pc;
  last->caller = now.place.caller;
  return true;
}

bool note(ShadowMemory& shadow, Granule& granule, const Attempt& now) noexcept {
  ShadowAccess* const access = shadow.add_access(granule);
  if (access == nullptr) return false;
  access->pc = now.place.pc;
  access->caller = now.place.caller;
  access->task = now.task;
  access->time = now.clock.of(now.task);
  access->bytes = now.bytes;
  access->kind = now.kind;
  return true;
}

// Which bytes of the granule lie in [begin, end).
std::uint8_t bytes_of(std::uintptr_t granule, std::uintptr_t begin, std::uintptr_t end) noexcept {
  const std::uintptr_t from = std::max(granule, begin) - granule;
  const std::uintptr_t to = std::min(granule + kGranuleBytes, end) - granule;
  return static_cast<std::uint8_t>((1U << to) - (1U << from));
}

// What the only task has done happens before all that others will do.
bool is_alone() noexcept { return simulation_tasks_made() == 1; }

}  // namespace

void check_access(Task& me, const void* address, std::size_t bytes, AccessKind kind,
                  CodePlace place) noexcept {
  if (!races_are_watched || is_alone()) return;
  const KernelSection section(&me);
  TaskHistory* const history = history_of(me);
  if (history == nullptr) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  const std::uintptr_t end = begin + bytes;
  for (std::uintptr_t at = begin & ~(kGranuleBytes - 1); at < end; at += kGranuleBytes) {
    const Attempt now{me.machine.number, history->clock, at, bytes_of(at, begin, end), kind, place};
    Granule* const granule = shadow_memory().granule_at(at);
    if (granule == nullptr) return stop_watching_races();
    if (is_repeated(*granule, now)) continue;
    compare(shadow_memory(), *granule, now);
    if (!note(shadow_memory(), *granule, now)) return stop_watching_races();
  }
}

void check_free(Task& me, const void* address, std::size_t bytes, CodePlace place) noexcept {
  if (!races_are_watched) return;
  const KernelSection section(&me);
  TaskHistory* const history = history_of(me);
  if (history == nullptr) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  shadow_memory().for_each_known(begin, bytes, [&](std::uintptr_t at, Granule& granule) {
    const Attempt now{me.machine.number, history->clock, at, bytes_of(at, begin, begin + bytes),
                      AccessKind::kFree, place};
    compare(shadow_memory(), granule, now);
  });
  shadow_memory().forget(begin, bytes);
}

void forget_races() noexcept {
  reported_count = 0;
  forget_what_happened();
}

}  // namespace ums::kernel
