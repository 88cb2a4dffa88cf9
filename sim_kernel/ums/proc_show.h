// SPDX-License-Identifier: Apache-2.0
//
// What /proc/ums shows of an object, and how links are numbered, as functions of values: for the
// kernel, which has them in its objects (proc.cpp), and for readers of its state file, which have
// them from there.
//
// Thread safety: the caller's.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "procfs_emul/proc_text.h"
#include "sim_kernel/sched/task_state.h"
#include "sim_kernel/ums/worker.h"

namespace ums::kernel {

inline constexpr mode_t kInfoMode = 07777;

inline void show_info(ProcText& text, pid_t tid, bool idle, std::uint64_t switches) noexcept {
  text.print("Pid:\t{}\nState:\t{}\nSwitches:\t{}\n", tid, idle ? "I (idle)" : "R (running)",
             static_cast<int>(switches));
}

inline void show_link(ProcText& text, pid_t opener, pid_t worker) noexcept {
  text.print("/proc/ums/{}/workers/{}", opener, worker);
}

// A scheduler is idle inside EXEC, of its own file.
inline bool is_idle_scheduler(TaskState state, bool inside_own_file) noexcept {
  return state == TaskState::kExecuting && inside_own_file;
}

inline bool is_idle_worker(WorkerState state) noexcept { return state != WorkerState::kRunning; }

// The links of its dequeuer that start at a worker in `state` with the number `link`: its own, by
// own(number), and then those of the rest of its batch, which it carries, also while it runs:
// carried() is to call its argument for each of them in order, which returns its number. `link` is
// read only if the state says that it is there.
template <typename Own, typename Carried>
void number_links(WorkerState state, const std::uint64_t& link, Own own, Carried carried) {
  if (state != WorkerState::kReached && state != WorkerState::kRunning) return;
  std::uint64_t number = link;
  if (state == WorkerState::kReached) own(number);
  carried([&number] { return ++number; });
}

// Puts `number` into the `count` ascending ones, of which at most `max` are kept. Returns how many
// there are then. One that is there already is not put in again.
inline std::size_t insert_number(std::uint64_t number, std::uint64_t* numbers, std::size_t count,
                                 std::size_t max) noexcept {
  if (count == max && number > numbers[max - 1]) return count;
  std::uint64_t* const place = std::lower_bound(numbers, numbers + count, number);
  if (place != numbers + count && *place == number) return count;
  std::uint64_t* const end = numbers + std::min(count + 1, max);
  std::move_backward(place, end - 1, end);
  *place = number;
  return std::min(count + 1, max);
}

}  // namespace ums::kernel
