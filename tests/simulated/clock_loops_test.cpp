// SPDX-License-Identifier: Apache-2.0
//
// Time goes on for who waits for a moment of it, though nobody sleeps: a thread that looks at a
// clock again and again, or one that sleeps while others are busy.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>

#include "tests/simulated/virtual_run.h"
#include "tests/support/expect_right.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using explore::run_many;

// Prefers the task with the lowest number, always.
class FirstTaskFirst final : public explore::Strategy {
 public:
  bool new_execution() override { return true; }
  std::size_t next_task(std::span<const explore::Choice>, int) override { return 0; }
  std::uint64_t next_number(std::uint64_t) override { return 0; }
};

// How many steps it took, whoever is preferred.
template <typename Body>
std::uint64_t steps_of(Body body) {
  FirstTaskFirst strategy;
  return run_many(strategy, 1,
                  [&] {
                    body();
                    return true;
                  })
      .steps;
}

void look_for(Clock::duration span) {
  const auto end = Clock::now() + span;
  while (Clock::now() < end) {
  }
}

TEST(ClockLoops, LoopOverSecondsTakesFewSteps) {
  EXPECT_LT(steps_of([] {
              const time_t begin = time(nullptr);
              while (time(nullptr) < begin + 5) {
              }
            }),
            500U);
  EXPECT_LT(steps_of([] { look_for(1h); }), 10'000U);
}

TEST(ClockLoops, EndNotMuchLaterThanTheyWould) {
  expect_right([] {
    const auto begin = Clock::now();
    look_for(1s);
    EXPECT_LT(Clock::now() - begin, 1300ms);
  });
}

TEST(ClockLoops, MayYieldInBetween) {
  EXPECT_LT(steps_of([] {
              const auto end = Clock::now() + 5s;
              while (Clock::now() < end) sched_yield();
            }),
            1000U);
}

TEST(ClockLoops, OfTwoThreads) {
  for (const auto span : {1ms, 5000ms}) {
    EXPECT_LT(steps_of([span] { run_beside([=] { look_for(span); }, [=] { look_for(5s); }); }),
              1500U);
  }
}

TEST(ClockLoops, OthersComeFirst) {
  EXPECT_LT(steps_of([] {
              std::atomic<bool> done{false};
              std::mutex mutex;
              run_beside(
                  [&] {
                    const auto limit = Clock::now() + 1s;
                    while (!done && Clock::now() < limit) {
                    }
                    EXPECT_TRUE(done) << "the other had no chance";
                  },
                  [&] {
                    for (int i = 0; i < 100; ++i) const std::lock_guard guard(mutex);
                    done = true;
                  });
            }),
            1000U);
}

TEST(ClockLoops, TimersOnTheWayAreInTheirOrder) {
  expect_right([] {
    std::string order;
    const auto sleep_for = [&](char name, auto span) {
      std::this_thread::sleep_for(span);
      order += name;
    };
    run_beside(
        [&] {
          look_for(10s);
          order += 'd';
        },
        [&] { sleep_for('c', 3s); }, [&] { sleep_for('a', 1s); }, [&] { sleep_for('b', 2s); });
    EXPECT_EQ(order, "abcd");
  });
}

TEST(ClockLoops, AreCutShortBySignals) {
  static volatile bool alarmed;
  expect_right([] {
    alarmed = false;
    std::signal(SIGALRM, [](int) { alarmed = true; });
    alarm(2);
    const auto begin = Clock::now();
    while (!alarmed) static_cast<void>(Clock::now());
    const auto passed = Clock::now() - begin;
    EXPECT_GE(passed, 2s);
    EXPECT_LT(passed, 2300ms);
  });
}

// On CPUs of their own who looks is busy, and finds out soon.
TEST(ClockLoops, TakeTheTimeOfTheirCpu) {
  const CpuUsage usage = run(cpus(2), [] {
    run_beside({[] { look_for(5s); }, [] { look_for(5s); }});
  });
  EXPECT_GE(usage.moment, 5000 * kMs);
  EXPECT_LT(usage.moment, 5200 * kMs);
  EXPECT_GT(usage.utilisation, 0.9);
}

// ---- who sleeps while others are busy

TEST(BusyOthers, SleeperIsAwakeThoughTheyYield) {
  const auto body = [] {
    std::atomic<bool> stop{false};
    std::thread other([&] {
      while (!stop) sched_yield();
    });
    usleep(100'000);
    stop = true;
    other.join();
  };
  EXPECT_LT(steps_of(body), 200'000U);
}

TEST(BusyOthers, SleeperIsAwakeThoughTheyWork) {
  EXPECT_LT(steps_of([] {
              std::mutex mutex;
              bool stop = false;
              std::thread other([&] {
                for (bool seen = false; !seen;) {
                  const std::lock_guard guard(mutex);
                  seen = stop;
                }
              });
              usleep(100'000);
              {
                const std::lock_guard guard(mutex);
                stop = true;
              }
              other.join();
            }),
            200'000U);
}

// A watchman's limit is far away to who makes some thousand steps.
TEST(BusyOthers, LimitIsNotPassedSoon) {
  explore::RandomStrategy strategy(1);
  EXPECT_FALSE(run_many(strategy, 10, [] {
                 bool in_time = false;
                 std::atomic<bool> done{false};
                 std::thread watchman([&] {
                   std::this_thread::sleep_for(30s);
                   in_time = done;
                 });
                 for (int i = 0; i < 20'000; ++i) sched_yield();
                 done = true;
                 watchman.join();
                 return in_time;
               }).failed());
}

}  // namespace
}  // namespace ums::test
