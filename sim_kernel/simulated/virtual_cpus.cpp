// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/virtual_cpus.h"

#include <bit>
#include <tuple>

#include "sim_kernel/base/kassert.h"
#include "sim_kernel/simulated/virtual_time.h"

namespace ums::kernel {

constinit VirtualCpus virtual_cpus;

namespace {

// A worker that is executed stands in its scheduler's place.
CpuMask mask_of(const Task& task) noexcept {
  const Task* at = &task;
  while (at->resumer != nullptr) at = at->resumer;
  return at->machine.affinity;
}

bool holds(CpuMask mask, int cpu) noexcept { return cpu >= 0 && (mask >> cpu & 1) != 0; }

// Calls visit(cpu) for each.
template <typename Visit>
void for_each_cpu(CpuMask mask, Visit visit) noexcept {
  for (; mask != 0; mask &= mask - 1) visit(std::countr_zero(mask));
}

}  // namespace

void VirtualCpus::begin(const CpuOptions& options) noexcept {
  kassert(options.count >= 1 && options.count <= kVirtualCpusMax, "{} CPUs", options.count);
  options_ = options;
  is_plain_ = options.count == 1 && options.costs == CostProfile{} && options.quantum == 0;
  for (std::size_t step = 0; step < kEventKinds; ++step) {
    step_costs_[step] = cost_of_step(options.costs, static_cast<EventKind>(step));
  }
  cpus_.fill({});
  running_ = cpus_.data();
  idle_ = all();
  queued_ = 0;
}

void VirtualCpus::place_first(Task& task) noexcept {
  if (is_plain_) return;
  cpus_[0].last_task = task.machine.number;
  put_on(0, task);
}

CpuUsage VirtualCpus::usage() const noexcept {
  const std::uint64_t end = now();
  double busy = 0;
  for (int i = 0; i < options_.count; ++i) {
    const VirtualCpu& cpu = cpus_[index(i)];
    const std::uint64_t beyond = cpu.clock > end ? cpu.clock - end : 0;  // ahead of us
    const std::uint64_t its = cpu.clock - cpu.idle;
    busy += static_cast<double>(its > beyond ? its - beyond : 0);
  }
  const double whole = static_cast<double>(end) * options_.count;
  return {end, end == 0 ? 0 : busy / whole};
}

void VirtualCpus::enqueue(Task& task, std::uint64_t moment) noexcept {
  MachineTask& its = task.machine;
  its.ready_at = std::max(its.ready_at, moment);
  its.queued = ++queued_;
}

// It goes on no earlier than it has stopped.
void VirtualCpus::leave_cpu(Task& task) noexcept {
  MachineTask& its = task.machine;
  if (its.cpu < 0) return;
  VirtualCpu& cpu = cpus_[index(its.cpu)];
  its.ready_at = cpu.clock;
  cpu.task = nullptr;
  idle_ |= CpuMask{1} << its.cpu;
  its.cpu = -1;
}

bool VirtualCpus::costs_time(const Task& task, int cpu) const noexcept {
  const MachineTask& its = task.machine;
  if (options_.costs.context_switch != 0 && cpus_[index(cpu)].last_task != its.number) return true;
  return options_.costs.migration != 0 && its.last_cpu >= 0 && its.last_cpu != cpu;
}

void VirtualCpus::put_on(int number, Task& task) noexcept {
  VirtualCpu& cpu = cpus_[index(number)];
  MachineTask& its = task.machine;
  if (cpu.last_task != its.number) pass(cpu, options_.costs.context_switch);
  if (its.last_cpu >= 0 && its.last_cpu != number) pass(cpu, options_.costs.migration);
  cpu.task = &task;
  cpu.last_task = its.number;
  idle_ &= ~(CpuMask{1} << number);
  its.cpu = its.last_cpu = number;
  its.has_just_come = true;
}

void VirtualCpus::replace_on_cpu(Task& me, Task& next) noexcept {
  const int cpu = me.machine.cpu;
  kassert(cpu >= 0, "task {} runs on no CPU", me.machine.number);
  leave_cpu(me);
  put_on(cpu, next);
}

bool VirtualCpus::take_cpu(Task& task) noexcept {
  const int number = place_for(task);
  VirtualCpu& cpu = cpus_[index(number)];
  if (Task* const displaced = cpu.task) {
    leave_cpu(*displaced);
    enqueue(*displaced, cpu.clock);
  }
  pass_idle(cpu, moment_);
  put_on(number, task);
  cpu.turn_began = cpu.clock;
  running_ = &cpu;
  return cpu.clock == moment_;
}

// Nobody has wanted the place of one whose turn was over: it has another.
void VirtualCpus::run(Task& task) noexcept {
  running_ = &cpus_[index(task.machine.cpu)];
  if (left_of_turn(task) == 0) running_->turn_began = running_->clock;
}

void VirtualCpus::set_affinity(Task& task, CpuMask mask) noexcept {
  MachineTask& its = task.machine;
  its.affinity = mask;
  if (is_plain_) return;
  if (its.cpu >= 0 && holds(mask_of(task), its.cpu)) return;
  leave_cpu(task);
  enqueue(task, now());
}

std::uint64_t VirtualCpus::next_moment(const RunQueue& queue) const noexcept {
  std::uint64_t first = kNever;
  for_each_cpu(all() & ~idle_, [&](int cpu) { first = std::min(first, cpus_[index(cpu)].clock); });
  for (std::size_t i = 0; i < queue.size() && idle_ != 0; ++i) {
    const Task& task = queue.task(i);
    if (task.machine.cpu >= 0 || task.machine.ready_at >= first) continue;
    for_each_cpu(idle_ & mask_of(task), [&](int cpu) {
      first = std::min(first, std::max(task.machine.ready_at, cpus_[index(cpu)].clock));
    });
  }
  return first;
}

void VirtualCpus::look_at(std::uint64_t moment) noexcept {
  moment_ = moment;
  idle_then_ = busy_then_ = 0;
  for_each_cpu(all(), [&](int cpu) {
    if (cpus_[index(cpu)].clock > moment) return;
    (is_idle(cpu) ? idle_then_ : busy_then_) |= CpuMask{1} << cpu;
  });
}

bool VirtualCpus::may_go_on(const Task& task) const noexcept {
  const MachineTask& its = task.machine;
  if (its.cpu >= 0) return holds(busy_then_, its.cpu);
  return its.ready_at <= moment_ && (mask_of(task) & (idle_then_ | busy_then_)) != 0;
}

int VirtualCpus::place_for(const Task& task) const noexcept {
  const CpuMask allowed = mask_of(task);
  const CpuMask idle = idle_then_ & allowed;
  if (holds(idle, task.machine.last_cpu)) return task.machine.last_cpu;
  return idle != 0 ? std::countr_zero(idle) : victim_for(allowed);
}

// Whose place is taken: of who yields; else of who has it longest; else of who has run last.
int VirtualCpus::victim_for(CpuMask allowed) const noexcept {
  int best = -1;
  std::tuple<bool, std::uint64_t, bool> best_reason;
  for_each_cpu(busy_then_ & allowed, [&](int number) {
    const VirtualCpu& cpu = cpus_[index(number)];
    const bool yields = cpu.task->machine.next.kind == EventKind::kYield;
    const std::tuple reason(yields, used_of_turn(cpu), &cpu == running_);
    if (best >= 0 && reason <= best_reason) return;
    best = number;
    best_reason = reason;
  });
  return best;
}

// What it costs to come there is none of it.
std::uint64_t VirtualCpus::used_of_turn(const VirtualCpu& cpu) const noexcept {
  return cpu.clock - cpu.turn_began;
}

std::uint64_t VirtualCpus::left_of_turn(const Task& task) const noexcept {
  if (options_.quantum == 0 || task.machine.cpu < 0) return kNever;
  const std::uint64_t used = used_of_turn(cpus_[index(task.machine.cpu)]);
  return options_.quantum > used ? options_.quantum - used : 0;
}

bool VirtualCpus::is_turn_over(const Task& task) const noexcept {
  if (task.machine.has_just_come) return false;
  return task.machine.next.kind == EventKind::kYield || left_of_turn(task) == 0;
}

}  // namespace ums::kernel
