// SPDX-License-Identifier: Apache-2.0
//
// What happens before what in an execution: a clock for each task and each object through which
// tasks speak to each other (Lamport: Time, clocks, and the ordering of events in a distributed
// system, CACM 1978; Flanagan, Freund: FastTrack, PLDI 2009).
//
//     happens_before(me, &mutex);     // all that `me` has done, before what follows
//     happens_after(other, &mutex);   // this, in any task
//
// Nothing is kept, and each of these is a look at a variable, until the first instrumented code of
// the process says that it is there (watch_races): it tells of its accesses (race_detector.h).
//
// Which of an object's clocks a task gets, is for the caller to say by the address: any that is the
// object's own. An address in memory that is freed is forgotten with it.
//
// Thread safety: the carrier; the current task.
#pragma once

#include <cstddef>

#include "sim_kernel/sched/task.h"
#include "sim_kernel/simulated/races/task_history.h"

namespace ums::kernel {

extern bool races_are_watched __attribute__((visibility("hidden")));

void watch_races() noexcept;

namespace race_detail {

void before(Task& me, const void* object) noexcept;
void after(Task& me, const void* object) noexcept;
void hand_over(Task& me, Task& other) noexcept;
void end(Task& me, const void* object) noexcept;
void forget(const void* object) noexcept;

}  // namespace race_detail

// The object is given back: what `me` has done happens before what anybody does after taking it.
inline void happens_before(Task& me, const void* object) noexcept {
  if (races_are_watched) [[unlikely]]
    race_detail::before(me, object);
}

// The object is taken.
inline void happens_after(Task& me, const void* object) noexcept {
  if (races_are_watched) [[unlikely]]
    race_detail::after(me, object);
}

// What `me` has done happens before what `other` does next: it is created, woken, or goes on in the
// place of `me`.
inline void happens_before_task(Task& me, Task& other) noexcept {
  if (races_are_watched) [[unlikely]]
    race_detail::hand_over(me, other);
}

// `me` ends, and others join it by `object`: its stack is another thread's from now on.
inline void happens_before_join(Task& me, const void* object) noexcept {
  if (races_are_watched) [[unlikely]]
    race_detail::end(me, object);
}

// There is no such object any more.
inline void forget_order_of(const void* object) noexcept {
  if (races_are_watched) [[unlikely]]
    race_detail::forget(object);
}

// A new execution begins (race_detector.h).
void forget_what_happened() noexcept;

// An atomic store, of which what happened before is all that is known there now, or a part of it;
// with an order that releases nothing, only what came before the last release fence.
void atomic_store_order(Task& me, const void* object, bool releases) noexcept;
// An atomic read and write: what was known there stays so.
void atomic_update_order(Task& me, const void* object, bool releases) noexcept;
// An atomic load, alone or as the first half of an update.
void atomic_load_order(Task& me, const void* object, bool acquires) noexcept;
void fence_order(Task& me, bool acquires, bool releases) noexcept;

// What is kept of a task; null: it is in no simulation, or there is no memory, and races are not
// watched any more.
TaskHistory* history_of(const Task& task) noexcept;

// No memory: nothing is known any more, until the next execution.
void stop_watching_races() noexcept;

// What is kept of the program's memory.
ShadowMemory& shadow_memory() noexcept;

}  // namespace ums::kernel
