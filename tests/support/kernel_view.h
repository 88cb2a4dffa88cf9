// SPDX-License-Identifier: Apache-2.0
//
// The inside of the kernel under test, as far as the fixtures look at it. With the door (door.h) it
// is all that knows where that kernel is: in this process (kernel_view_embedded.cpp), or another's
// (server/kernel_view.cpp).
//
// Thread safety: any thread.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim_kernel/sched/task_state.h"

namespace ums::test {

struct TaskLook {
  bool found = false;
  kernel::TaskState state = kernel::TaskState::kDead;
  bool off_cpu = false;  // a suspended one may be executed at once
};

// Whether the kernel is in this process, where threads are captured.
bool kernel_is_embedded();

// Skips a test of what only such a kernel does; `reason` says what that is.
#define SKIP_IN_SERVER(reason) \
  if (!::ums::test::kernel_is_embedded()) GTEST_SKIP() << "kernel process: " reason

// Lets an embedded kernel copy memory by a pipe, the way of a sandbox. False: it has no such way.
bool force_pipe_copies(bool forced);

TaskLook look_at_task(pid_t tid);

// How many objects are alive in each slab cache, and in kvmalloc; none that is empty. RCU callbacks
// are run before.
using LiveObjects = std::map<std::string, std::size_t>;
LiveObjects live_objects();

unsigned misuse_count();

// The number that the kernel's next record gets in its log, and the texts from a number on.
std::uint64_t log_next();
std::vector<std::string> log_since(std::uint64_t number);

bool any_lock_held();

// Prints every task and its state.
void print_tasks();

}  // namespace ums::test
