// SPDX-License-Identifier: Apache-2.0
//
// What the UMS module shows in /proc: for each open file, under the thread id of its opener,
//
//     /proc/ums/17/schedulers/18/info
//                             workers/1 -> /proc/ums/17/workers/19
//                  workers/19/info
//
// Entries of threads are nodes of the tree (procfs_emul/proc_node.h), made by ENTER. The folder of
// a scheduler's links is computed when somebody looks: the switch path makes and removes no entry,
// it only keeps numbers (Worker::link, Scheduler::links; add_links in switch_path.h).
//
// Invariants:
// 1. A link stands for a worker that the scheduler has dequeued and nobody has executed since.
//    A reached worker knows its number; those behind it in the batch follow from that.
// 2. Entries are removed before what they show is handed to call_rcu.
//
// 3. `shown` says whether an object has its entries; readers of the state file go by it.
//
// Thread safety: those of the calls that make and end what is shown.
#pragma once

#include "sim_kernel/base/result.h"

namespace ums::kernel {

class UmsData;
struct Scheduler;
struct Worker;

// Makes /proc/ums: at start, and in a forked child.
void ums_proc_init() noexcept;

// Make the entries of an open file, and of a thread's role in it. Errors: ENOMEM, and nothing is
// left. Context: as proc_mkdir.
Result<void> ums_proc_add(UmsData& data) noexcept;
Result<void> ums_proc_add(Scheduler& scheduler) noexcept;
Result<void> ums_proc_add(Worker& worker) noexcept;

// Take them out again, all at once. Context: as proc_remove.
void ums_proc_remove(UmsData& data) noexcept;
void ums_proc_remove(Scheduler& scheduler) noexcept;
void ums_proc_remove(Worker& worker) noexcept;

}  // namespace ums::kernel
