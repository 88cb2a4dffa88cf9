// SPDX-License-Identifier: Apache-2.0
//
// The simulated machine: threads of a program that one kernel thread runs, as a chooser says.
#include "sim_kernel/simulated/simulation.h"

#include <gtest/gtest.h>
#include <ums.h>

#include <mutex>
#include <string>
#include <thread>

#include "ums_api/explore/execution.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::test {
namespace {

template <typename Body>
void simulate(std::uint64_t seed, Body body) {
  explore::RandomStrategy strategy(seed);
  ASSERT_TRUE(strategy.new_execution());
  explore::Execution execution(strategy);
  ASSERT_TRUE(kernel::simulation_begin(execution).ok());
  body();
  kernel::simulation_end();
}

// Who took the mutex, in turn.
std::string order_of_seed(std::uint64_t seed) {
  std::string order;
  simulate(seed, [&] {
    std::mutex mutex;
    const auto take = [&](char name) {
      for (int i = 0; i < 5; ++i) {
        const std::lock_guard guard(mutex);
        order += name;
      }
    };
    std::thread a(take, 'a');
    std::thread b(take, 'b');
    a.join();
    b.join();
  });
  return order;
}

TEST(Simulation, SeedIsAnExecution) {
  const std::string first = order_of_seed(1);
  EXPECT_EQ(first.size(), 10U);
  bool differs = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string order = order_of_seed(seed);
    EXPECT_EQ(order_of_seed(seed), order) << "seed " << seed;
    differs |= order != first;
  }
  EXPECT_TRUE(differs);
}

// What a scheduler of two workers sees: their events, in turn.
struct Scheduler {
  ums_completion_list_t list = 0;
  int left = 2;
  ums_context_t next = 0;
  std::string* events = nullptr;
};

void on_event(ums_reason_t reason, ums_activation_t*, void* parameter) {
  static thread_local Scheduler* self;
  if (reason == UMS_SCHEDULER_STARTUP) self = static_cast<Scheduler*>(parameter);
  *self->events += std::to_string(reason);
  if (reason == UMS_SCHEDULER_THREAD_END && --self->left == 0) pthread_exit(nullptr);
  while (self->next <= 0) dequeue_ums_completion_list_items(self->list, &self->next);
  const ums_context_t worker = self->next;
  self->next = get_next_ums_list_item(worker);
  EXPECT_EQ(execute_ums_thread(worker), 0);
}

void* yield_twice(void*) {
  EXPECT_EQ(ums_thread_yield(nullptr), 0);
  EXPECT_EQ(ums_thread_yield(nullptr), 0);
  return nullptr;
}

// From a worker's call through the switch to its scheduler, and back.
std::string events_of_seed(std::uint64_t seed) {
  std::string events;
  simulate(seed, [&] {
    Scheduler scheduler;
    scheduler.events = &events;
    EXPECT_EQ(create_ums_completion_list(&scheduler.list), 0);
    ums_attr_t attr{scheduler.list, nullptr};
    pthread_t workers[2];
    for (pthread_t& each : workers)
      EXPECT_EQ(ums_pthread_create(&each, &attr, yield_twice, nullptr), 0);
    std::thread([&] {
      ums_scheduler_startup_info_t info{scheduler.list, on_event, &scheduler};
      enter_ums_scheduling_mode(&info);
    }).join();
    for (const pthread_t each : workers) EXPECT_EQ(pthread_join(each, nullptr), 0);
    EXPECT_EQ(delete_ums_completion_list(&scheduler.list), 0);
  });
  return events;
}

TEST(Simulation, WorkersAndTheirScheduler) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string events = events_of_seed(seed);
    EXPECT_EQ(events.size(), 7U) << events;
    EXPECT_EQ(events_of_seed(seed), events) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ums::test
