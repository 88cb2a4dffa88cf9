// SPDX-License-Identifier: Apache-2.0
#include "bench/cycle_scheduler.h"

#include <bit>

#include "bench/check.h"
#include "bench/placement.h"

namespace ums::bench {
namespace {

constexpr long kStepsInSlice = 2'000;

// The entry point is given its scheduler at startup only; later it finds it here.
thread_local CycleScheduler* this_scheduler = nullptr;

}  // namespace

CycleScheduler::CycleScheduler(Team& team, int cpu, int workers)
    : team_(team),
      cpu_(cpu),
      workers_(workers),
      queue_(std::bit_ceil(static_cast<std::size_t>(workers))),
      live_(workers),
      meter_(workers, kStepsInSlice) {
  check(create_ums_completion_list(&list_) == 0, "create_ums_completion_list");
}

int CycleScheduler::create_workers() {
  ums_attr_t attributes{list_, nullptr};
  threads_.reserve(static_cast<std::size_t>(workers_));
  for (int i = 0; i < workers_; ++i) {
    pthread_t thread;
    if (ums_pthread_create(&thread, &attributes, worker_main, &team_) != 0) {
      break;
    }
    threads_.push_back(thread);
  }
  return static_cast<int>(threads_.size());
}

void CycleScheduler::start() {
  check(pthread_create(&thread_, nullptr, scheduler_main, this) == 0, "pthread_create");
}

void CycleScheduler::join() {
  check(pthread_join(thread_, nullptr) == 0, "pthread_join of a scheduler");
  for (const pthread_t thread : threads_) {
    check(pthread_join(thread, nullptr) == 0, "pthread_join of a worker");
  }
}

void* CycleScheduler::worker_main(void* team) {
  const std::atomic<bool>& stop = static_cast<Team*>(team)->stop;
  while (!stop.load(std::memory_order_relaxed)) {  // Guards nothing: late is harmless.
    ums_thread_yield(nullptr);
  }
  return nullptr;
}

void* CycleScheduler::scheduler_main(void* self) {
  auto* scheduler = static_cast<CycleScheduler*>(self);
  pin_to_cpu(scheduler->cpu_);
  ums_scheduler_startup_info_t info{scheduler->list_, entry_point, scheduler};
  enter_ums_scheduling_mode(&info);
  check_failed("enter_ums_scheduling_mode");
}

void CycleScheduler::entry_point(ums_reason_t reason, ums_activation_t* /*activation*/,
                                 void* parameter) {
  switch (reason) {
    case UMS_SCHEDULER_STARTUP:
      this_scheduler = static_cast<CycleScheduler*>(parameter);
      return this_scheduler->on_startup();
    case UMS_SCHEDULER_THREAD_YIELD:
      return this_scheduler->on_yield();
    case UMS_SCHEDULER_THREAD_END:
      return this_scheduler->on_end();
  }
}

void CycleScheduler::take_list() {
  ums_context_t context;
  check(dequeue_ums_completion_list_items(list_, &context) == 0, "dequeue");
  while (context > 0) {
    queue_[tail_++ & (queue_.size() - 1)] = context;
    context = get_next_ums_list_item(context);
  }
  check(context == 0, "get_next_ums_list_item");
}

void CycleScheduler::execute_next() {
  check(execute_ums_thread(queue_[head_++ & (queue_.size() - 1)]) == 0, "execute_ums_thread");
}

void CycleScheduler::on_startup() {
  while (tail_ != static_cast<std::size_t>(workers_)) {
    take_list();
  }
  team_.ready.arrive_and_wait();
  execute_next();
}

void CycleScheduler::on_yield() {
  if (meter_.count() && !measured_) {
    measured_ = true;
    // Acquire and release: who stops the team has seen the others' last measured cycle.
    if (team_.measuring.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      team_.stop.store(true, std::memory_order_relaxed);
    }
  }
  take_list();
  execute_next();
}

void CycleScheduler::on_end() {
  if (--live_ == 0) {
    pthread_exit(nullptr);  // The only way out of scheduling mode.
  }
  execute_next();
}

}  // namespace ums::bench
