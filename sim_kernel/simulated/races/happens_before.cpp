// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/races/happens_before.h"

#include <algorithm>
#include <utility>

#include "sim_kernel/base/printk.h"
#include "sim_kernel/base/thread_stack.h"
#include "sim_kernel/mm/kvmalloc.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

bool races_are_watched = false;

namespace {

constinit ObjectCache<TaskHistory> histories{"task_history"};

bool is_instrumented = false;  // the program, or a part of it
ShadowMemory shadow;

// By number.
TaskHistory** table = nullptr;
std::size_t table_size = 0;

std::uintptr_t number_of(const void* address) noexcept {
  return reinterpret_cast<std::uintptr_t>(address);
}

bool grow_table(std::size_t size) noexcept {
  if (size <= table_size) return true;
  const std::size_t bigger_size = std::max<std::size_t>({size, 2 * table_size, 16});
  auto** const bigger = static_cast<TaskHistory**>(kvmalloc(bigger_size * sizeof(void*)));
  if (bigger == nullptr) return false;
  std::copy_n(table, table_size, bigger);
  std::fill(bigger + table_size, bigger + bigger_size, nullptr);
  kvfree(std::exchange(table, bigger));
  table_size = bigger_size;
  return true;
}

void forget_history(TaskHistory*& history) noexcept {
  if (history != nullptr) histories.destroy(std::exchange(history, nullptr));
}

void need(bool has_memory) noexcept {
  if (!has_memory) stop_watching_races();
}

// All that the task does from now on comes later than what others have learned of it.
void next_time(Task& me, TaskHistory& history) noexcept {
  need(history.clock.advance(me.machine.number));
}

// Calls visit(history, object) with the object's clock, a new one if there is none.
template <typename Visit>
void with_object(Task& me, const void* address, Visit visit) noexcept {
  const KernelSection section(&me);
  TaskHistory* const history = history_of(me);
  if (history == nullptr) return;
  ShadowObject* const object = shadow.object_at(number_of(address));
  need(object != nullptr && visit(*history, object->clock));
}

// The same if there is one.
template <typename Visit>
void with_known_object(Task& me, const void* address, Visit visit) noexcept {
  const KernelSection section(&me);
  TaskHistory* const history = history_of(me);
  const ShadowObject* const object = shadow.find_object(number_of(address));
  if (history != nullptr && object != nullptr) need(visit(*history, object->clock));
}

}  // namespace

ShadowMemory& shadow_memory() noexcept { return shadow; }

void watch_races() noexcept {
  is_instrumented = true;
  races_are_watched = true;
}

void stop_watching_races() noexcept {
  if (!std::exchange(races_are_watched, false)) return;
  pr_err("no memory to look for data races: those that follow are not found");
}

void forget_what_happened() noexcept {
  if (!is_instrumented) return;
  races_are_watched = true;
  busy_loops_forget_all();
  for (std::size_t i = 0; i < table_size; ++i) forget_history(table[i]);
  shadow.forget_all();
}

TaskHistory* history_of(const Task& task) noexcept {
  const auto number = static_cast<std::size_t>(task.machine.number);
  if (number < table_size && table[number] != nullptr) return table[number];
  if (!is_simulated(task)) return nullptr;
  const KernelSection section;
  TaskHistory* const history = grow_table(number + 1) ? histories.create() : nullptr;
  if (history == nullptr || !history->clock.advance(task.machine.number)) {
    stop_watching_races();
    return nullptr;
  }
  return table[number] = history;
}

namespace race_detail {

void before(Task& me, const void* object) noexcept { atomic_update_order(me, object, true); }
void after(Task& me, const void* object) noexcept { atomic_load_order(me, object, true); }

void note_kernel_lock(const void* lock) noexcept {
  Task* const me = current_or_null;
  if (me != nullptr && is_simulated(*me)) after(*me, lock);
}

void note_kernel_unlock(const void* lock) noexcept {
  Task* const me = current_or_null;
  if (me != nullptr && is_simulated(*me)) before(*me, lock);
}

void hand_over(Task& me, Task& other) noexcept {
  const KernelSection section(&me);
  TaskHistory* const mine = history_of(me);
  TaskHistory* const its = mine != nullptr ? history_of(other) : nullptr;
  if (its == nullptr) return;
  need(its->clock.join(mine->clock));
  next_time(me, *mine);
}

void end(Task& me, const void* object) noexcept {
  const KernelSection section(&me);
  before(me, object);
  const ThreadStack stack = thread_stack();
  shadow.forget(stack.low, stack.high - stack.low);
  const auto number = static_cast<std::size_t>(me.machine.number);
  if (number < table_size) forget_history(table[number]);
}

void forget(const void* object) noexcept {
  if (ShadowObject* const known = shadow.find_object(number_of(object))) known->clock.clear();
}

}  // namespace race_detail

// C++20, [intro.races]: a store by any task ends the release sequence that was there.
void atomic_store_order(Task& me, const void* object, bool releases) noexcept {
  with_object(me, object, [&](TaskHistory& history, VectorClock& clock) {
    if (!clock.assign(releases ? history.clock : history.released)) return false;
    if (releases) next_time(me, history);
    return true;
  });
}

void atomic_update_order(Task& me, const void* object, bool releases) noexcept {
  with_object(me, object, [&](TaskHistory& history, VectorClock& clock) {
    if (!clock.join(releases ? history.clock : history.released)) return false;
    if (releases) next_time(me, history);
    return true;
  });
}

void atomic_load_order(Task& me, const void* object, bool acquires) noexcept {
  with_known_object(me, object, [&](TaskHistory& history, const VectorClock& clock) {
    return (acquires ? history.clock : history.seen).join(clock);
  });
}

void fence_order(Task& me, bool acquires, bool releases) noexcept {
  const KernelSection section(&me);
  TaskHistory* const history = history_of(me);
  if (history == nullptr) return;
  if (acquires) need(history->clock.join(history->seen));
  if (!releases) return;
  need(history->released.assign(history->clock));
  next_time(me, *history);
}

}  // namespace ums::kernel
