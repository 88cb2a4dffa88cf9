// SPDX-License-Identifier: Apache-2.0
//
// What RCU and its barrier promise about the order of memory accesses.
#include "sim_kernel/sync/rcu.h"

#include <gtest/gtest.h>
#include <sched.h>

#include "support/litmus.h"

namespace ums::kernel {
namespace {

using test::run_litmus;

constexpr int kRounds = UMS_SANITIZE_THREAD || UMS_SANITIZE_ADDRESS ? 2'000 : 30'000;

// Relaxed accesses: only what the tested calls order is ordered.
int load(const std::atomic<int>& variable) { return variable.load(std::memory_order_relaxed); }
void store(std::atomic<int>& variable, int value) {
  variable.store(value, std::memory_order_relaxed);
}

class RcuLitmusTest : public ::testing::Test {
 protected:
  void SetUp() override { rcu_init(); }
};

// Message passing: who sees the pointer sees what it points to. Guarantee 3 of rcu.h.
TEST_F(RcuLitmusTest, PointerComesWithItsObject) {
  struct State {
    int object = 0;  // plain: ThreadSanitizer watches it too
    std::atomic<int*> pointer{nullptr};
    int r0 = 0, r1 = 0;
  };
  auto outcomes = run_litmus<State>(
      kRounds,
      [](State& s) {
        s.object = 1;
        rcu_assign_pointer(s.pointer, &s.object);
      },
      [](State& s) {
        RcuReadGuard guard;
        const int* const object = rcu_dereference(s.pointer);
        s.r0 = object != nullptr;
        s.r1 = object != nullptr ? *object : 0;
      });
  EXPECT_EQ((outcomes[{1, 0}]), 0);
  EXPECT_EQ((outcomes[{0, 0}] + outcomes[{1, 1}]), kRounds);
}

// Guarantee 1 of rcu.h: a section that missed what came before a grace period sees nothing of what
// comes after it.
TEST_F(RcuLitmusTest, GracePeriodOutlastsOlderSections) {
  struct State {
    std::atomic<int> before{0}, after{0};
    int r0 = 0, r1 = 0;
  };
  auto outcomes = run_litmus<State>(
      kRounds / 4,
      [](State& s) {
        store(s.before, 1);
        synchronize_rcu();
        store(s.after, 1);
      },
      [](State& s) {
        RcuReadGuard guard;
        s.r0 = load(s.before);
        for (int i = 0; i < 500; ++i) cpu_relax();  // longer than a hasty grace period
        s.r1 = load(s.after);
      });
  EXPECT_EQ((outcomes[{0, 1}]), 0);
  EXPECT_GT((outcomes[{0, 0}]), 0);  // the section was first
}

// The same with the reads the other way round: a section that sees the end of a grace period sees
// all that came before it.
TEST_F(RcuLitmusTest, GracePeriodIsBehindYoungerSections) {
  struct State {
    std::atomic<int> before{0}, after{0};
    int r0 = 0, r1 = 0;
  };
  auto outcomes = run_litmus<State>(
      kRounds / 4,
      [](State& s) {
        store(s.before, 1);
        synchronize_rcu();
        store(s.after, 1);
      },
      [](State& s) {
        RcuReadGuard guard;
        s.r0 = load(s.after);
        s.r1 = load(s.before);
      });
  EXPECT_EQ((outcomes[{1, 0}]), 0);
}

// Store buffering. Guarantee 1 of membarrier.h.
TEST_F(RcuLitmusTest, LightBarrierMeetsTheHeavyOne) {
  struct State {
    std::atomic<int> light{0}, heavy{0};
    int r0 = 0, r1 = 0;
  };
  auto outcomes = run_litmus<State>(
      kRounds,
      [](State& s) {
        store_then_light_barrier(s.light, 1);
        s.r0 = load(s.heavy);
      },
      [](State& s) {
        store(s.heavy, 1);
        membarrier_all_threads();
        s.r1 = load(s.light);
      });
  EXPECT_EQ((outcomes[{0, 0}]), 0);
  EXPECT_GT((outcomes[{0, 1}]), 0);
}

}  // namespace
}  // namespace ums::kernel
