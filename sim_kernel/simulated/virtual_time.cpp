// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/virtual_time.h"

#include <boost/intrusive/parent_from_member.hpp>
#include <boost/intrusive/set.hpp>

#include "sim_kernel/base/never_destroyed.h"
#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/outside.h"
#include "sim_kernel/simulated/simulation.h"
#include "sim_kernel/simulated/virtual_cpus.h"

namespace ums::kernel {

namespace {

struct ByDeadline {
  using type = std::uint64_t;
  type operator()(const Timer& timer) const noexcept { return timer.deadline; }
};

// Of equal deadlines the one that was set first comes first.
using Timers = boost::intrusive::multiset<
    Timer, boost::intrusive::member_hook<Timer, boost::intrusive::set_member_hook<>, &Timer::hook>,
    boost::intrusive::key_of_value<ByDeadline>>;

UMS_NEVER_DESTROYED NeverDestroyed<Timers> timers;

void note_earliest() noexcept {
  earliest_deadline = timers->empty() ? kNever : timers->begin()->deadline;
}

}  // namespace

std::uint64_t earliest_deadline = kNever;

std::uint64_t virtual_time() noexcept { return virtual_cpus.now(); }
void charge(std::uint64_t nanoseconds) noexcept { virtual_cpus.charge(nanoseconds); }

namespace {

void call_task(Timer& timer) noexcept {
  using boost::intrusive::get_parent_from_member;
  MachineTask& machine = *get_parent_from_member(&timer, &MachineTask::timer);
  Task& task = *get_parent_from_member(&machine, &Task::machine);
  futex_give_up(task);
  outside_give_up(task);
  make_runnable_at(task, timer.deadline);
}

void expire_first() noexcept {
  Timer& timer = *timers->begin();
  timer_stop(timer);
  timer.expire(timer);
}

}  // namespace

void timer_start(Timer& timer, std::uint64_t deadline) noexcept {
  timer.deadline = deadline;
  timers->insert(timer);
  note_earliest();
}

void timer_stop(Timer& timer) noexcept {
  if (!timer.hook.is_linked()) return;
  timers->erase(timers->iterator_to(timer));
  note_earliest();
}

void timer_restart(Timer& timer, std::uint64_t interval) noexcept {
  if (timer.deadline < kEndOfTime) timer_start(timer, later(timer.deadline, interval));
}

void timer_start(Task& task, std::uint64_t deadline) noexcept {
  task.machine.timer.expire = call_task;
  timer_start(task.machine.timer, deadline);
}

void timer_stop(Task& task) noexcept { timer_stop(task.machine.timer); }

void expire_timers(std::uint64_t moment) noexcept {
  while (!timers->empty() && first_deadline() <= moment) expire_first();
}

std::size_t timers_set() noexcept { return timers->size(); }

void timers_forget_all() noexcept {
  timers->clear();
  note_earliest();
}

void timers_reset_after_fork() noexcept {
  timers.renew();
  note_earliest();
}

}  // namespace ums::kernel
