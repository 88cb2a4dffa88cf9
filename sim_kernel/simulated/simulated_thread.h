// SPDX-License-Identifier: Apache-2.0
//
// SimulatedThread: a thread of a simulation, as its creator and who joins it know it. It outlives
// the Task.
//
// Thread safety: the carrier, but for `captured` and `task`, which the thread itself writes while
// the carrier waits for `captured`.
#pragma once

#include <pthread.h>

#include <atomic>
#include <boost/intrusive/list_hook.hpp>
#include <cstdint>

#include "sim_kernel/simulated/cpu_mask.h"

namespace ums::kernel {

class Task;
struct RestingThread;

struct SimulatedThread {
  SimulatedThread(void* (*f)(void*), void* a) noexcept : func(f), arg(a) {}

  void* (*const func)(void*);
  void* const arg;
  pthread_t handle{};
  std::atomic<std::uint32_t> captured{0};  // a futex: it is about to park, or could not be captured
  Task* task = nullptr;                    // null: it could not
  bool ended = false;                      // whoever joins waits for it (futex.h)
  bool detached = false;
  bool has_returned = false;  // its function, `value`
  void* value = nullptr;
  bool is_kept = false;              // for others, when it has ended, if it is as a new one then
  bool was_named = false;            // which others are not to be
  RestingThread* resting = nullptr;  // it has ended, and is kept
  CpuMask affinity = kAnyCpu;        // with which it begins
  boost::intrusive::list_member_hook<> hook;
};

}  // namespace ums::kernel
