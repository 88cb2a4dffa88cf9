// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/busy_loop.h"

#include <algorithm>
#include <boost/intrusive/list.hpp>

#include "sim_kernel/base/never_destroyed.h"
#include "sim_kernel/base/printk.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/simulated/code_text.h"
#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/outside.h"
#include "sim_kernel/simulated/simulation.h"
#include "sim_kernel/simulated/virtual_time.h"

namespace ums::kernel {

std::uint64_t busy_loop_patience = kBusyLoopPatience;

void (*on_livelock)(const Livelock& livelock) noexcept = print_and_abort;

namespace {

constexpr std::uint64_t kWaitNs = 1000;
constexpr std::uint64_t kStepsOfOthers = 1000;
constexpr std::uint64_t kReadsAlone = 1000;

using BusyLoops = boost::intrusive::list<
    BusyLoop,
    boost::intrusive::member_hook<BusyLoop, boost::intrusive::list_member_hook<>, &BusyLoop::hook>>;

UMS_NEVER_DESTROYED NeverDestroyed<BusyLoops> waiting;

using ReadingLoops = boost::intrusive::list<
    BusyLoop,
    boost::intrusive::member_hook<BusyLoop,
                                  boost::intrusive::list_member_hook<
                                      boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
                                  &BusyLoop::reading_hook>,
    boost::intrusive::constant_time_size<false>>;

// All that may come to wait.
UMS_NEVER_DESTROYED NeverDestroyed<ReadingLoops> reading;

std::uintptr_t granule_of(const void* address) noexcept {
  return reinterpret_cast<std::uintptr_t>(address) >> 3;
}

// The longer it has waited, the longer it waits: a sleeper's time comes soon.
void wait_a_while(Task& me, BusyLoop& loop) noexcept {
  loop.waits_since = simulation_steps();
  waiting->push_back(loop);
  futex_wait(me, &loop, later(virtual_time(), kWaitNs * ++loop.waits));
  if (loop.hook.is_linked()) waiting->erase(waiting->iterator_to(loop));
}

// Those who wait here have a timer each.
bool is_anybody_awaited() noexcept {
  return timers_set() != waiting->size() || anybody_waits_outside();
}

void report(Task& me, BusyLoop& loop) noexcept {
  {
    const KernelSection section(&me);
    const auto newest = (loop.next + kBusyPlacesMax - 1) % kBusyPlacesMax;
    on_livelock({me.machine.number, me.tid, loop.places[newest].address, loop.reads});
  }
  futex_wait(me, &loop);
}

}  // namespace

bool wait_in_busy_loop(Task& me, BusyLoop& loop) noexcept {
  const bool goes_on = me.machine.steps == loop.steps + 1;
  if (!goes_on || loop.reads < busy_loop_patience) return false;
  if (loop.reads_since_write < loop.places_count) return false;  // it has not seen what is new
  const bool alone = simulation_runnable() == 1;
  if (alone && loop.reads >= kBusyReadsMax && !is_anybody_awaited()) {
    report(me, loop);
  } else if (!alone || (loop.reads % kReadsAlone == 0 && timers_set() != 0)) {
    wait_a_while(me, loop);
  }
  return true;
}

namespace {

BusyLoop::Place* find_place(BusyLoop& loop, const void* address) noexcept {
  const auto end = loop.places.begin() + loop.places_count;
  const auto found = std::find_if(loop.places.begin(), end, [address](const BusyLoop::Place& its) {
    return its.address == address;
  });
  return found != end ? found : nullptr;
}

// What it has found until now says nothing any more.
void begin_anew(BusyLoop& loop) noexcept {
  loop.reads = 0;
  loop.waits = 0;
  loop.reading_hook.unlink();
}

// In the place of the oldest.
void add_place(BusyLoop& loop, BusyLoop::Place place) noexcept {
  loop.places[loop.next] = place;
  loop.next = (loop.next + 1) % kBusyPlacesMax;
  loop.places_count = std::min(loop.places_count + 1, kBusyPlacesMax);
}

bool has_granule(const BusyLoop& loop, const void* address) noexcept {
  return std::any_of(loop.places.begin(), loop.places.begin() + loop.places_count,
                     [address](const BusyLoop::Place& its) {
                       return granule_of(its.address) == granule_of(address);
                     });
}

void note_same(BusyLoop& loop) noexcept {
  ++loop.reads;
  ++loop.reads_since_write;
  if (loop.reading_hook.is_linked()) return;
  loop.reads_since_write = 1;
  reading->push_back(loop);
}

void forget_places(BusyLoop& loop) noexcept {
  loop.places_count = 0;
  loop.next = 0;
}

}  // namespace

void note_same_or_new(Task& me, BusyLoop& loop, const void* address, std::uint64_t value) noexcept {
  if (me.machine.steps != loop.steps + 1) forget_places(loop);
  loop.steps = me.machine.steps;
  const BusyLoop::Place* const known = find_place(loop, address);
  if (known != nullptr && known->value == value) return note_same(loop);
  begin_anew(loop);
  if (known != nullptr) forget_places(loop);
  add_place(loop, {address, value});
}

void note_write(const void* address) noexcept {
  for (BusyLoop& loop : *reading) {
    if (!has_granule(loop, address)) continue;
    loop.reads_since_write = 0;
    if (loop.hook.is_linked()) futex_wake(&loop, 1);
  }
}

void let_busy_loops_go_on() noexcept {
  for (BusyLoop& loop : *waiting) {
    if (simulation_steps() - loop.waits_since > kStepsOfOthers) futex_wake(&loop, 1);
  }
}

void busy_loops_forget_all() noexcept {
  waiting->clear();
  reading->clear();
}

void busy_loops_reset_after_fork() noexcept {
  waiting.renew();
  reading.renew();
}

void print_livelock(const Livelock& livelock) noexcept {
  pr_err(
      "livelock: task {} (thread {}) spins on {}: it has read the same {} times, and nobody can "
      "go on",
      livelock.task, livelock.tid, CodeText(livelock.address).text(), livelock.reads);
}

void print_and_abort(const Livelock& livelock) noexcept {
  print_livelock(livelock);
  abort_program();
}

}  // namespace ums::kernel
