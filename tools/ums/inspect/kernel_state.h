// SPDX-License-Identifier: Apache-2.0
//
// KernelState: what a kernel in another process holds, at about one moment: open files, schedulers,
// workers and completion lists, as plain values.
//
//     for (const UmsFile& file : read_kernel_state(reader).files) ...
//
// Thread safety: plain values.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <vector>

#include "sim_kernel/sched/task_state.h"
#include "sim_kernel/ums/worker.h"
#include "tools/ums/inspect/state_reader.h"

namespace ums::command {

// As read from the file; pointers are addresses in the kernel's process.
struct WorkerImage {
  explicit WorkerImage(const StateObject& object);

  std::uint64_t address, data, complist, scheduler, dequeuer, next, rest_first, switches, link;
  pid_t id;
  kernel::WorkerState state;  // kEnded where it was no state at all
  bool shown;
};

struct SchedulerImage {
  explicit SchedulerImage(const StateObject& object);

  std::uint64_t address, data, complist, task, switches;
  pid_t id;
  bool shown;
};

// A link from a scheduler to a worker that it has dequeued.
struct LinkImage {
  std::uint64_t number;
  pid_t worker;
};

struct SchedulerState {
  SchedulerImage image;
  kernel::TaskState task;  // of its thread
  bool idle;               // as /proc/ums shows it
};

struct ListState {
  int id;
  std::uint32_t length;
  int users;
};

// An open file of the device.
struct UmsFile {
  std::uint64_t address;
  std::uint64_t file;                      // what Task::syscall_file holds inside of it
  pid_t opener;                            // thread
  std::vector<SchedulerState> schedulers;  // by id, as all the following
  std::vector<WorkerImage> workers;
  std::vector<ListState> lists;
};

struct KernelState {
  std::vector<UmsFile> files;  // by opener
};

KernelState read_kernel_state(const StateReader& reader);

// The links of a kernel's schedulers, by their addresses; each one's by number.
using Links = std::map<std::uint64_t, std::vector<LinkImage>>;
Links read_links(const StateReader& reader);

// Whether a scheduler is idle, and what its thread does (kDead where that cannot be read).
SchedulerState scheduler_state(const StateReader& reader, const SchedulerImage& image,
                               std::uint64_t file);

}  // namespace ums::command
