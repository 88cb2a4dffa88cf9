// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/virtual_time.h"

#include <boost/intrusive/parent_from_member.hpp>
#include <boost/intrusive/set.hpp>

#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/simulation.h"
#include "sim_kernel/simulated/virtual_cpus.h"

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

void note_earliest() noexcept {
  earliest_deadline = timers.empty() ? kNever : timers.begin()->deadline;
}

}  // namespace

std::uint64_t earliest_deadline = kNever;

std::uint64_t virtual_time() noexcept { return virtual_cpus.now(); }
void charge(std::uint64_t nanoseconds) noexcept { virtual_cpus.charge(nanoseconds); }

void timer_start(Task& task, std::uint64_t deadline) noexcept {
  task.machine.deadline = deadline;
  timers.insert(task.machine);
  note_earliest();
}

void timer_stop(Task& task) noexcept {
  if (!task.machine.timer_hook.is_linked()) return;
  timers.erase(timers.iterator_to(task.machine));
  note_earliest();
}

void fire_timers(std::uint64_t moment) noexcept {
  while (!timers.empty() && first_deadline() <= moment) {
    Task& task = *boost::intrusive::get_parent_from_member(&*timers.begin(), &Task::machine);
    timer_stop(task);
    futex_give_up(task);
    make_runnable_at(task, task.machine.deadline);
  }
}

void timers_forget_all() noexcept {
  timers.clear();
  note_earliest();
}

}  // namespace ums::kernel
