// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/role.h"

#include "sim_kernel/dev/file.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/sync/rcu.h"
#include "sim_kernel/ums/ums_data.h"

namespace ums::kernel {

namespace {

Role role_of_worker(const Worker& worker) noexcept {
  using Kind = Role::Kind;
  Role role{Kind::kRunning, worker.complist.id.load(std::memory_order_relaxed), nullptr};
  switch (worker.state.load(std::memory_order_relaxed)) {
    case WorkerState::kListed:
      role.kind = Kind::kListed;
      break;
    case WorkerState::kReached: {
      role.kind = Kind::kReached;
      const Scheduler* const dequeuer = worker.dequeuer.load(std::memory_order_relaxed);
      role.dequeuer = dequeuer == nullptr ? nullptr : &dequeuer->task;
      break;
    }
    case WorkerState::kRunning:
    case WorkerState::kEnded:
      break;
  }
  return role;
}

}  // namespace

Role role_of(const Task& task) noexcept {
  const File* const file = task.syscall_file.load(std::memory_order_relaxed);
  if (file == nullptr || file == no_file()) return {};
  const RcuReadGuard guard;
  const UmsData& data = *static_cast<const UmsData*>(file->private_data);
  if (const Worker* const worker = data.workers.find(task.tid)) return role_of_worker(*worker);
  const Scheduler* const scheduler = data.schedulers.find(task.tid);
  if (scheduler == nullptr) return {};
  return {Role::Kind::kScheduler, scheduler->complist.id.load(std::memory_order_relaxed), nullptr};
}

}  // namespace ums::kernel
