// SPDX-License-Identifier: Apache-2.0
//
// ExploredKernel: the fixture of tests in which the kernel itself is explored (sync/preemption.h):
// others go on in the middle of its functions. A failure says by which strategy and seed it was
// found, and how the same execution is run again.
//
//     TEST_F(ExploredKernel, WakesItsSleeper) {
//       explore([] { ...; run_beside(one, other); EXPECT_TRUE(...); });
//     }
//
// Bodies check by GoogleTest, and clean up: after each test no object of the kernel is left. A
// report of a reference count that went wrong is a failure.
//
// Thread safety: a test's first thread.
#pragma once

#include <gtest/gtest.h>
#include <ums/explore.hpp>

#include <cstdlib>
#include <initializer_list>
#include <string>

#include "sim_kernel/init/start_kernel.h"
#include "sim_kernel/sync/preemption.h"
#include "sim_kernel/sync/rcu.h"
#include "support/door.h"
#include "support/kernel_view.h"
#include "support/objects_here.h"

namespace ums::test {

class ExploredKernel : public testing::Test {
 protected:
  // PCT lets nobody else go on where a task waits in a loop, as RCU's writers do.
  static constexpr std::initializer_list<const char*> kStrategies = {"default", "random", "pct:3"};
  static constexpr std::uint64_t kSeed = 1;

  void SetUp() override {
    kernel::start_kernel();
    kernel::rcu_init();
    dev_close(dev_open());  // the library's unused file makes room now
    live_before_ = objects_of_bodies();
    kernel::kernel_is_preemptible = true;
  }

  // What has failed may have stopped with locks held.
  void TearDown() override {
    kernel::kernel_is_preemptible = false;
    if (HasFailure()) return;
    EXPECT_EQ(objects_of_bodies(), live_before_);
  }

  // Runs `body` in so many executions of each strategy, until one fails. Returns how many of them
  // differ; of a replay as many as asked for.
  template <typename Body>
  std::uint64_t explore(Body body, std::uint64_t executions = 1000,
                        std::initializer_list<const char*> strategies = kStrategies) {
    std::uint64_t schedules = 0;
    for (const char* strategy : strategies) {
      if (!HasFailure()) schedules += run(strategy, executions, body).schedules;
    }
    return is_replay() ? executions : schedules;
  }

  // Runs `body` in all executions with at most so many preemptions. Returns their number; of a
  // replay, one that is never too small.
  template <typename Body>
  std::uint64_t explore_all(Body body, int preemptions) {
    if (HasFailure()) return 0;
    const ExploreResult all = run("exhaustive:" + std::to_string(preemptions), kEndless, body);
    if (is_replay()) return kEndless;
    EXPECT_TRUE(all.complete || !all.passed());
    return all.executions;
  }

 private:
  static constexpr std::uint64_t kEndless = 1'000'000;

  static bool is_replay() { return std::getenv("UMS_SCHEDULE") != nullptr; }

  template <typename Body>
  ExploreResult run(const std::string& strategy, std::uint64_t executions, Body body) {
    ExploreOptions options;
    options.executions = executions;
    options.seed = kSeed;
    options.strategy = strategy;
    ExploreResult all = ums::explore(options, [&] {
      const std::uint64_t logged = log_next();
      body();
      for (const std::string& text : log_since(logged)) {
        EXPECT_EQ(text.find("refcount_t"), std::string::npos) << text;
      }
    });
    EXPECT_TRUE(all.passed()) << strategy << ", seed " << kSeed << ": " << all.message;
    return all;
  }

  // Not the simulation's own.
  static LiveObjects objects_of_bodies() {
    LiveObjects live = objects_here();
    for (const char* its : {"task", "park_stack", "kvmalloc"}) live.erase(its);
    return live;
  }

  LiveObjects live_before_;
};

}  // namespace ums::test
