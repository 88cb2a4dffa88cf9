// SPDX-License-Identifier: Apache-2.0
//
// What UMS calls order: a scheduler and the workers that it executes, one after the other, and
// whom a list brings together. Workers of two schedulers are as free as threads.
#include <gtest/gtest.h>
#include <ums.h>

#include <cstdlib>
#include <functional>
#include <vector>

#include "instrumented/steps.h"
#include "instrumented/two_threads.h"
#include "sim_kernel/simulated/races/race_report.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::test {
namespace {

using kernel::RaceReport;

std::vector<RaceReport> races;

// What the program of a test does; each accesses `value`, or nothing.
struct Program {
  void (*worker)(int* value) = [](int*) {};     // before and after it yields
  void (*scheduler)(int* value) = [](int*) {};  // at each of its events
  void (*dequeuer)(int* value) = [](int*) {};   // when a scheduler has got the worker
  int schedulers = 1;                           // with a list and a worker each,
  bool one_worker = false;                      // or one, which they hand on at its yield
};

const Program* program;
int value;

struct Side {
  ums_completion_list_t list;
  pthread_t scheduler;
  pthread_t worker;
};

thread_local ums_completion_list_t own_list;

void* work(void*) {
  program->worker(&value);
  ums_thread_yield(nullptr);
  program->worker(&value);
  return nullptr;
}

void schedule(ums_reason_t reason, ums_activation_t*, void*) {
  program->scheduler(&value);
  const bool handed_on = program->one_worker && reason == UMS_SCHEDULER_THREAD_YIELD;
  if (handed_on || reason == UMS_SCHEDULER_THREAD_END) pthread_exit(nullptr);
  ums_context_t worker = -1;
  if (dequeue_ums_completion_list_items(own_list, &worker) != 0) std::abort();
  program->dequeuer(&value);
  if (execute_ums_thread(worker) != 0) std::abort();
}

void* schedule_all(void* list) {
  own_list = *static_cast<ums_completion_list_t*>(list);
  ums_scheduler_startup_info_t info = {own_list, schedule, nullptr};
  enter_ums_scheduling_mode(&info);
  std::abort();
}

void begin_worker(Side& side) {
  ASSERT_EQ(create_ums_completion_list(&side.list), 0);
  ums_attr_t attributes = {side.list, nullptr};
  ASSERT_EQ(ums_pthread_create(&side.worker, &attributes, work, nullptr), 0);
}

void end_worker(Side& side) {
  pthread_join(side.worker, nullptr);
  EXPECT_EQ(delete_ums_completion_list(&side.list), 0);
}

void run_program() {
  std::vector<Side> sides(static_cast<std::size_t>(program->schedulers));
  for (Side& side : sides) {
    const bool has_worker = &side == sides.data() || !program->one_worker;
    if (has_worker) begin_worker(side);
    ums_completion_list_t* const list = has_worker ? &side.list : &sides[0].list;
    ASSERT_EQ(pthread_create(&side.scheduler, nullptr, schedule_all, list), 0);
  }
  for (Side& side : sides) pthread_join(side.scheduler, nullptr);
  for (Side& side : sides) {
    if (&side == sides.data() || !program->one_worker) end_worker(side);
  }
}

class UmsCalls : public testing::Test {
 protected:
  UmsCalls() {
    kernel::on_race = [](const RaceReport& race) noexcept { races.push_back(race); };
  }
  ~UmsCalls() override { kernel::on_race = kernel::print_race; }

  // How many of 20 executions have a race.
  static int races_of(const Program& its_program) {
    program = &its_program;
    int found = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      races.clear();
      explore::RandomStrategy strategy(seed);
      const auto result = explore::run_many(strategy, 1, [] {
        run_program();
        return true;
      });
      EXPECT_FALSE(result.failed());
      if (!races.empty()) ++found;
    }
    for (const RaceReport& race : races) kernel::print_race(race);
    return found;
  }
};

TEST_F(UmsCalls, SchedulerAndItsWorker) {
  EXPECT_EQ(races_of({.worker = increment, .scheduler = increment}), 0);
}

// A worker that goes from one scheduler to another through a list brings along what it has done.
TEST_F(UmsCalls, WorkerThatIsHandedOn) {
  EXPECT_EQ(
      races_of({.worker = increment, .dequeuer = increment, .schedulers = 2, .one_worker = true}),
      0);
}

TEST_F(UmsCalls, WorkersOfTwoSchedulers) {
  EXPECT_EQ(races_of({.worker = increment, .schedulers = 2}), 20);
}

TEST_F(UmsCalls, TwoSchedulers) {
  EXPECT_EQ(races_of({.scheduler = increment, .schedulers = 2}), 20);
}

}  // namespace
}  // namespace ums::test
