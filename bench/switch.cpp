// SPDX-License-Identifier: Apache-2.0
//
// Our switch alone: a scheduler's task executes a captured worker's, which gives the processor
// straight back (sched/schedule.h). Two stack switches and two thread pointers, with what the
// machine does to keep tasks safe, and nothing of the UMS module: no event, list or system call.
#include <pthread.h>

#include <atomic>

#include "bench/check.h"
#include "bench/child.h"
#include "bench/meter.h"
#include "bench/rows.h"
#include "sim_kernel/init/start_kernel.h"
#include "sim_kernel/sched/schedule.h"

namespace ums::bench {
namespace {

using kernel::Task;
using kernel::TaskState;

constexpr int kWorkers = 2;
constexpr long kStepsInSlice = 5'000;

// A thread that is captured, and then gives back the processor whenever it is executed. It never
// goes home: the child that measures ends with it.
void* captured_main(void* slot) {
  Task& me = *kernel::current_task();
  check(kernel::prepare_suspend(me).ok(), "prepare_suspend");
  kernel::change_task_state<TaskState::kRunning, TaskState::kSuspended>(me.state);
  // Release, with the acquire of who executes it; on_cpu tells that one when it is saved.
  static_cast<std::atomic<Task*>*>(slot)->store(&me, std::memory_order_release);
  kernel::suspend(me, kernel::WakeUp());
  for (;;) {
    kernel::change_task_state<TaskState::kRunning, TaskState::kSuspended>(me.state);
    kernel::switch_back(me);
  }
}

Task& capture_thread() {
  std::atomic<Task*> captured{nullptr};
  pthread_t thread;
  check(pthread_create(&thread, nullptr, captured_main, &captured) == 0, "pthread_create");
  while (captured.load(std::memory_order_acquire) == nullptr) {
    sched_yield();
  }
  return *captured.load(std::memory_order_acquire);
}

Sample switches() {
  kernel::start_kernel();
  Task* const workers[kWorkers] = {&capture_thread(), &capture_thread()};
  Task& me = *kernel::current_task();
  Meter meter(kWorkers, kStepsInSlice);
  for (int next = 0; !meter.count(); next = 1 - next) {
    kernel::execute_task(me, *workers[next]);
  }
  return Sample::measured(meter.nanoseconds());
}

}  // namespace

void add_switch_rows(RowTable& table) {
  table.add(
      {"switch", kDispatch, "UMS, scheduler-worker switch alone", kWorkers, Unit::kNanoseconds},
      isolated(switches));
}

}  // namespace ums::bench
