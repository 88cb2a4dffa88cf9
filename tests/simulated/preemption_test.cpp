// SPDX-License-Identifier: Apache-2.0
//
// A scheduler whose timer interrupts its workers, in virtual time: each time the same.
#include <gtest/gtest.h>
#include <pthread.h>
#include <ums.h>
#include <ums/ums_sim.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <string>

#include "ums_api/explore/explore.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::test {
namespace {

constexpr int kWorkers = 3;
constexpr int kEnough = 50;

ums_completion_list_t list;
int workers_left;
ums_context_t next_worker;
std::array<int, kWorkers> counters;
std::string order;  // of those that were interrupted
thread_local int own_number = -1;

void preempt(int) {
  if (own_number < 0) return;  // the scheduler's
  order += static_cast<char>('a' + own_number);
  EXPECT_EQ(ums_thread_yield(nullptr), 0);
}

bool all_have_counted() {
  for (const int counter : counters) {
    if (counter < kEnough) return false;
  }
  return true;
}

// Each waits for all others, and never yields by itself.
void* count(void* number) {
  own_number = static_cast<int>(static_cast<int*>(number) - counters.data());
  while (!all_have_counted()) {
    ++counters[static_cast<std::size_t>(own_number)];
    ums_sim_compute(100'000);
    ums_sim_point();
  }
  own_number = -1;
  return nullptr;
}

timer_t start_timer() {
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGUSR1;
  event._sigev_un._tid = gettid();
  const itimerspec period = {{0, 2'000'000}, {0, 2'000'000}};
  timer_t timer{};
  EXPECT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  EXPECT_EQ(timer_settime(timer, 0, &period, nullptr), 0);
  return timer;
}

void on_event(ums_reason_t reason, ums_activation_t*, void*) {
  static timer_t timer;
  if (reason == UMS_SCHEDULER_STARTUP) timer = start_timer();
  if (reason == UMS_SCHEDULER_THREAD_END && --workers_left == 0) {
    timer_delete(timer);
    pthread_exit(nullptr);
  }
  while (next_worker == 0 && dequeue_ums_completion_list_items(list, &next_worker) != 0) {
    EXPECT_EQ(errno, EINTR);
  }
  const ums_context_t worker = next_worker;
  next_worker = get_next_ums_list_item(worker);
  EXPECT_EQ(execute_ums_thread(worker), 0);
}

void* schedule(void*) {
  ums_scheduler_startup_info_t info{list, on_event, nullptr};
  enter_ums_scheduling_mode(&info);
  return nullptr;
}

void run_workers() {
  struct sigaction action {};
  action.sa_handler = preempt;
  action.sa_flags = SA_NODEFER;
  sigaction(SIGUSR1, &action, nullptr);
  counters = {};
  order.clear();
  workers_left = kWorkers;
  next_worker = 0;
  EXPECT_EQ(create_ums_completion_list(&list), 0);
  ums_attr_t attributes{list, nullptr};
  std::array<pthread_t, kWorkers> workers;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    EXPECT_EQ(ums_pthread_create(&workers[i], &attributes, count, &counters[i]), 0);
  }
  pthread_t scheduler;
  EXPECT_EQ(pthread_create(&scheduler, nullptr, schedule, nullptr), 0);
  for (const pthread_t worker : workers) EXPECT_EQ(pthread_join(worker, nullptr), 0);
  EXPECT_EQ(pthread_join(scheduler, nullptr), 0);
  EXPECT_EQ(delete_ums_completion_list(&list), 0);
}

std::string order_of_seed(std::uint64_t seed) {
  explore::RandomStrategy strategy(seed);
  EXPECT_FALSE(explore::run_many(strategy, 1, [] {
                 run_workers();
                 return !testing::Test::HasFailure();
               }).failed());
  EXPECT_GE(order.size(), 5U);
  return order;
}

TEST(Preemption, TimerInterruptsWorkers) {
  order_of_seed(0);  // the library's first calls make steps of their own
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const std::string first = order_of_seed(seed);
    EXPECT_EQ(order_of_seed(seed), first) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ums::test
