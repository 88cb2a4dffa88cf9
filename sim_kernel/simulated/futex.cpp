// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/futex.h"

#include <array>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/parent_from_member.hpp>
#include <cstdint>
#include <utility>

#include "sim_kernel/base/never_destroyed.h"
#include "sim_kernel/simulated/simulation.h"
#include "sim_kernel/simulated/virtual_cpus.h"

namespace ums::kernel {

namespace {

using Bucket = boost::intrusive::list<
    MachineTask,
    boost::intrusive::member_hook<MachineTask, boost::intrusive::list_member_hook<>,
                                  &MachineTask::futex_hook>,
    boost::intrusive::constant_time_size<false>>;

using Buckets = std::array<Bucket, 64>;

UMS_NEVER_DESTROYED NeverDestroyed<Buckets> buckets;

// Which tasks share a bucket has no influence on who is woken.
Bucket& bucket_of(const void* address) noexcept {
  const auto bits = reinterpret_cast<std::uintptr_t>(address);
  return (*buckets)[(bits >> 3 ^ bits >> 9) % buckets->size()];
}

Task& task_of(MachineTask& machine) noexcept {
  return *boost::intrusive::get_parent_from_member(&machine, &Task::machine);
}

}  // namespace

bool futex_wait(Task& me, const void* address, std::uint64_t deadline) noexcept {
  if (deadline <= virtual_time()) return false;
  futex_enqueue(me, address);
  if (deadline != kNever) timer_start(me, deadline);
  block(me);
  return me.machine.wait_end.woken;
}

void futex_enqueue(Task& task, const void* address) noexcept {
  task.machine.waits_for = address;
  task.machine.wait_end = {};
  bucket_of(address).push_back(task.machine);
}

namespace {

// Calls wake(task) for each that goes on.
template <typename Wake>
int wake_each(const void* address, int count, Wake wake) noexcept {
  Bucket& bucket = bucket_of(address);
  int woken = 0;
  for (auto at = bucket.begin(); at != bucket.end() && woken < count;) {
    MachineTask& machine = *at++;
    if (machine.waits_for != address) continue;
    Task& task = task_of(machine);
    futex_give_up(task);
    timer_stop(task);
    machine.wait_end.woken = true;
    wake(task);
    ++woken;
  }
  return woken;
}

}  // namespace

int futex_wake(const void* address, int count) noexcept {
  return wake_each(address, count, [](Task& task) { make_runnable(task); });
}

void futex_release(const void* object) noexcept {
  const std::uint64_t cost = virtual_cpus.options().costs.wake_up;
  const std::uint64_t awake = later(virtual_cpus.now(), cost);
  const auto wake = [awake](Task& task) { make_runnable_at(task, awake); };
  if (wake_each(object, kEverybody, wake) > 0) charge(cost);
}

void futex_give_up(Task& task) noexcept {
  MachineTask& machine = task.machine;
  if (!machine.futex_hook.is_linked()) return;
  Bucket& bucket = bucket_of(std::exchange(machine.waits_for, nullptr));
  bucket.erase(bucket.iterator_to(machine));
}

void futex_forget_all() noexcept {
  for (Bucket& bucket : *buckets) bucket.clear();
}

void futex_reset_after_fork() noexcept { buckets.renew(); }

}  // namespace ums::kernel
