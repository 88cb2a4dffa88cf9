// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/virtual_time.h"

#include <algorithm>
#include <boost/intrusive/parent_from_member.hpp>
#include <boost/intrusive/set.hpp>

#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

namespace {

struct ByDeadline {
  using type = std::uint64_t;
  type operator()(const MachineTask& machine) const noexcept { return machine.deadline; }
};

// Of equal deadlines the one that was set first comes first.
boost::intrusive::multiset<
    MachineTask,
    boost::intrusive::member_hook<MachineTask, boost::intrusive::set_member_hook<>,
                                  &MachineTask::timer_hook>,
    boost::intrusive::key_of_value<ByDeadline>>
    timers;

std::uint64_t now = 0;

}  // namespace

void virtual_time_reset() noexcept { now = 0; }
std::uint64_t virtual_time() noexcept { return now; }
void charge(std::uint64_t nanoseconds) noexcept { now += nanoseconds; }

void timer_start(Task& task, std::uint64_t deadline) noexcept {
  task.machine.deadline = deadline;
  timers.insert(task.machine);
}

void timer_stop(Task& task) noexcept {
  if (task.machine.timer_hook.is_linked()) timers.erase(timers.iterator_to(task.machine));
}

std::size_t timers_set() noexcept { return timers.size(); }

bool jump_to_next_timer() noexcept {
  if (timers.empty()) return false;
  Task& task = *boost::intrusive::get_parent_from_member(&*timers.begin(), &Task::machine);
  timer_stop(task);
  now = std::max(now, task.machine.deadline);
  futex_give_up(task);
  make_runnable(task);
  return true;
}

void timers_forget_all() noexcept { timers.clear(); }

}  // namespace ums::kernel
