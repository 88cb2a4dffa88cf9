// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/clients/process.h"

#include <sys/epoll.h>

#include <boost/intrusive/parent_from_member.hpp>
#include <boost/intrusive/set.hpp>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/server/call.h"
#include "sim_kernel/server/clients/exec_watch.h"
#include "sim_kernel/server/descriptor_budget.h"

namespace ums::kernel {

namespace {

struct ByPid {
  using type = pid_t;
  pid_t operator()(const Process& process) const noexcept { return process.pid; }
};

boost::intrusive::set<
    Process,
    boost::intrusive::member_hook<Process, boost::intrusive::set_member_hook<>, &Process::hook>,
    boost::intrusive::key_of_value<ByPid>>
    processes;

constinit ObjectCache<Process> process_cache{"process"};

}  // namespace

Process* find_process(pid_t pid) noexcept {
  const auto found = processes.find(pid);
  return found != processes.end() ? &*found : nullptr;
}

Process* find_or_make_process(pid_t pid) noexcept {
  if (Process* const found = find_process(pid)) return found;
  const auto pidfd = static_cast<int>(raw_syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) return nullptr;
  Process* const process = suffices_for_process(pidfd) ? process_cache.create(pid, pidfd) : nullptr;
  if (process == nullptr || !watch_events(pidfd, EPOLLIN, *process)) {
    raw_syscall(SYS_close, pidfd);
    if (process != nullptr) process_cache.destroy(process);
    return nullptr;
  }
  processes.insert(*process);
  return process;
}

bool any_process() noexcept { return !processes.empty(); }

void free_process(Process& process) noexcept {
  exec_forget(process);
  forget_events(process.pidfd);
  raw_syscall(SYS_close, process.pidfd);
  processes.erase(processes.iterator_to(process));
  process_cache.destroy(&process);
}

namespace {

bool is_suspended(const MachineTask& machine) noexcept {
  const Task& task = *boost::intrusive::get_parent_from_member(&machine, &Task::machine);
  return task.state.load(std::memory_order_relaxed) == TaskState::kSuspended;
}

}  // namespace

// Suspended workers first: their schedulers then leave nobody behind. The last thread takes the
// process along.
void end_threads(Process& process) noexcept {
  process.threads.sort([](const MachineTask& one, const MachineTask& other) {
    return is_suspended(one) && !is_suspended(other);
  });
  for (bool last = false; !last;) {
    MachineTask& machine = process.threads.front();
    last = &machine == &process.threads.back();
    thread_is_gone(*boost::intrusive::get_parent_from_member(&machine, &Task::machine));
  }
}

void Process::on_event(std::uint32_t /*events*/) noexcept { end_threads(*this); }

}  // namespace ums::kernel
