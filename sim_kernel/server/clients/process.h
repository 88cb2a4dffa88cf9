// SPDX-License-Identifier: Apache-2.0
//
// Process: a process with threads that have called. Its end is the end of them all, and so is an
// exec (exec_watch.h).
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <sys/types.h>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set_hook.hpp>

#include "sim_kernel/server/event_source.h"
#include "sim_kernel/server/machine_task.h"

namespace ums::kernel {

struct Process final : EventSource {
  Process(pid_t process_id, int process_fd) noexcept
      : EventSource(Kind::kEnds), pid(process_id), pidfd(process_fd) {}

  void on_event(std::uint32_t events) noexcept override;

  const pid_t pid;
  const int pidfd;
  boost::intrusive::list<
      MachineTask,
      boost::intrusive::member_hook<MachineTask, boost::intrusive::list_member_hook<>,
                                    &MachineTask::process_hook>,
      boost::intrusive::constant_time_size<false>>
      threads;
  boost::intrusive::set_member_hook<> hook;
};

// The process `pid`, made if need be. Null: it is gone, or memory or descriptors have run out.
Process* find_or_make_process(pid_t pid) noexcept;

// The process `pid` if it is known, or null.
Process* find_process(pid_t pid) noexcept;

// Ends all its threads, and forgets it.
void end_threads(Process& process) noexcept;

bool any_process() noexcept;

// Forgets a process without threads.
void free_process(Process& process) noexcept;

}  // namespace ums::kernel
