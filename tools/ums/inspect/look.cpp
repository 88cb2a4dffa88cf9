// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/inspect/look.h"

#include <algorithm>

#include "tools/ums/inspect/process_name.h"
#include "tools/ums/inspect/ps.h"

namespace ums::command {
namespace {

using kernel::TaskState;
using kernel::WorkerState;

const char* state_name(TaskState state) {
  switch (state) {
    case TaskState::kRunning:
    case TaskState::kReturning:
      return "running";
    case TaskState::kInterruptible:
      return "waiting";
    case TaskState::kExecuting:
      return "executing";
    case TaskState::kSuspended:
      return "suspended";
    case TaskState::kDead:
      break;
  }
  return "?";
}

void count(const UmsFile& file, WorkerCounts& counts) {
  for (const WorkerImage& worker : file.workers) {
    if (worker.state == WorkerState::kRunning) ++counts.running;
    if (worker.state == WorkerState::kListed) ++counts.listed;
    if (worker.state == WorkerState::kReached) ++counts.dequeued;
  }
}

// Sums up the schedulers, and gives each its share.
void share_out(ProcessLook& process) {
  double sum = 0;
  for (const SchedulerLook& scheduler : process.schedulers) {
    sum += scheduler.switches_a_second.value_or(0);
    if (scheduler.switches_a_second) process.switches_a_second = sum;
  }
  for (SchedulerLook& scheduler : process.schedulers) {
    if (sum > 0 && scheduler.switches_a_second)
      scheduler.share = *scheduler.switches_a_second / sum;
  }
}

}  // namespace

SchedulerLook Looker::scheduler_look(const StateReader& kernel, const SchedulerState& state,
                                     double seconds) {
  const SchedulerImage& image = state.image;
  const Key key{kernel.pid(), image.address};
  switches_now_[key] = {image.id, image.switches};
  SchedulerLook look{image.id, state_name(state.task), image.switches, {}, {}};
  const auto before = switches_before_.find(key);
  if (before != switches_before_.end() && before->second.first == image.id && seconds > 0 &&
      image.switches >= before->second.second) {
    look.switches_a_second = static_cast<double>(image.switches - before->second.second) / seconds;
  }
  return look;
}

void Looker::add(const StateReader& kernel, Look& look, double seconds) {
  std::map<pid_t, ProcessLook> processes;
  for (const ProcessRow& row : process_rows(kernel)) {
    ProcessLook& process = processes[row.process];
    process.pid = row.process;
    process.kernel = kernel.pid();
    process.kind = kind_name(kernel);
    process.command = row.command;
  }
  for (const UmsFile& file : read_kernel_state(kernel).files) {
    const bool embedded = kernel.kind() == kernel::KernelKind::kEmbedded;
    const auto found = processes.find(embedded ? kernel.pid() : process_of(file.opener));
    if (found == processes.end()) continue;  // it has come just now
    ProcessLook& process = found->second;
    count(file, process.workers);
    for (const SchedulerState& state : file.schedulers) {
      process.schedulers.push_back(scheduler_look(kernel, state, seconds));
    }
    process.lists.insert(process.lists.end(), file.lists.begin(), file.lists.end());
  }
  for (auto& [pid, process] : processes) {
    share_out(process);
    look.processes.push_back(std::move(process));
  }
}

Look Looker::look() {
  Kernels kernels = find_kernels();
  const Clock::time_point now = Clock::now();
  const double seconds = before_ ? std::chrono::duration<double>(now - *before_).count() : 0;
  Look look{kernels.running.size(), {}, std::move(kernels.faults)};
  switches_now_.clear();
  for (const StateReader& kernel : kernels.running) add(kernel, look, seconds);
  switches_before_.swap(switches_now_);
  before_ = now;
  return look;
}

}  // namespace ums::command
