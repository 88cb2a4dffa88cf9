// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/virtual_time.h"

#include <algorithm>
#include <boost/intrusive/parent_from_member.hpp>
#include <boost/intrusive/set.hpp>

#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/outside.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

namespace {

struct ByDeadline {
  using type = std::uint64_t;
  type operator()(const Timer& timer) const noexcept { return timer.deadline; }
};

// Of equal deadlines the one that was set first comes first.
boost::intrusive::multiset<
    Timer, boost::intrusive::member_hook<Timer, boost::intrusive::set_member_hook<>, &Timer::hook>,
    boost::intrusive::key_of_value<ByDeadline>>
    timers;

std::uint64_t now = 0;

}  // namespace

void virtual_time_reset() noexcept { now = 0; }
std::uint64_t virtual_time() noexcept { return now; }
void charge(std::uint64_t nanoseconds) noexcept { now += nanoseconds; }

namespace {

void call_task(Timer& timer) noexcept {
  using boost::intrusive::get_parent_from_member;
  MachineTask& machine = *get_parent_from_member(&timer, &MachineTask::timer);
  Task& task = *get_parent_from_member(&machine, &Task::machine);
  futex_give_up(task);
  outside_give_up(task);
  make_runnable(task);
}

void expire_first() noexcept {
  Timer& timer = *timers.begin();
  timer_stop(timer);
  timer.expire(timer);
}

}  // namespace

void timer_start(Timer& timer, std::uint64_t deadline) noexcept {
  timer.deadline = deadline;
  timers.insert(timer);
}

void timer_stop(Timer& timer) noexcept {
  if (timer.hook.is_linked()) timers.erase(timers.iterator_to(timer));
}

void timer_start(Task& task, std::uint64_t deadline) noexcept {
  task.machine.timer.expire = call_task;
  timer_start(task.machine.timer, deadline);
}

void timer_stop(Task& task) noexcept { timer_stop(task.machine.timer); }

void expire_timers() noexcept {
  while (!timers.empty() && timers.begin()->deadline <= now) expire_first();
}

std::size_t timers_set() noexcept { return timers.size(); }

bool jump_to_next_timer() noexcept {
  if (timers.empty()) return false;
  now = std::max(now, timers.begin()->deadline);
  expire_first();
  return true;
}

void timers_forget_all() noexcept { timers.clear(); }

}  // namespace ums::kernel
