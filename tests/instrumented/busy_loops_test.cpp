// SPDX-License-Identifier: Apache-2.0
//
// A thread that waits in a loop lets others go on, whatever the strategy; where they cannot, the
// place that it looks at is named.
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <optional>
#include <semaphore>

#include "instrumented/steps.h"
#include "instrumented/two_threads.h"
#include "sim_kernel/base/printk.h"
#include "sim_kernel/simulated/busy_loop.h"
#include "sim_kernel/simulated/simulation.h"
#include "support/emulator.h"
#include "ums_api/explore/pct_strategy.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::test {
namespace {

using explore::Exploration;
using explore::PctStrategy;
using explore::run_many;
using explore::Verdict;
using kernel::Livelock;

// Prefers the task with the lowest number, always: of two threads the first.
class FirstTaskFirst final : public explore::Strategy {
 public:
  bool new_execution() override { return true; }
  std::size_t next_task(std::span<const explore::Choice>, int) override { return 0; }
  std::uint64_t next_number(std::uint64_t) override { return 0; }
};

std::optional<Livelock> livelock;

// These loops take longer than an execution usually may.
constexpr std::uint64_t kStepsMax = 20 * kernel::kBusyReadsMax;

class BusyLoops : public testing::Test {
 protected:
  BusyLoops() : before_(kernel::on_livelock) {
    livelock.reset();
    kernel::on_livelock = [](const Livelock& its) noexcept { livelock = its; };
  }
  ~BusyLoops() override { kernel::on_livelock = before_; }

  static Exploration run(const std::function<void()>& body, std::uint64_t executions = 1) {
    FirstTaskFirst strategy;
    const auto run_body = [&] {
      body();
      return true;
    };
    return run_many(strategy, executions, run_body, explore::Threads::kKept, kStepsMax);
  }

 private:
  void (*const before_)(const Livelock& livelock) noexcept;
};

TEST_F(BusyLoops, WriterGoesOn) {
  for (const auto wait : {wait_for, wait_for_yielding}) {
    const Exploration all = run([wait] {
      int flag = 0;
      run_two([&] { wait(&flag); }, [&] { store_release(&flag, 1); });
    });
    EXPECT_FALSE(all.failed());
    EXPECT_LT(all.steps, 3 * kernel::kBusyLoopPatience);
  }
  EXPECT_FALSE(livelock.has_value());
}

// What is often so: a flag, and before it where that is.
void wait_through(const int* place, const int* flag) {
  do {
    load_acquire(place);
  } while (load_acquire(flag) == 0);
}

TEST_F(BusyLoops, WriterGoesOnForWhoLooksAtSeveralPlaces) {
  const Exploration all = run([] {
    alignas(8) int place = 0;
    alignas(8) int flag = 0;
    run_two([&] { wait_through(&place, &flag); }, [&] { store_release(&flag, 1); });
  });
  EXPECT_FALSE(all.failed());
  EXPECT_LT(all.steps, 3 * kernel::kBusyLoopPatience);
}

TEST_F(BusyLoops, WalkAlongMemoryIsNone) {
  const Exploration all = run([] {
    std::array<int, 100> numbers{};
    std::thread([&] {
      for (std::uint64_t i = 0; i < kernel::kBusyReadsMax + 10'000; ++i) {
        read_int(&numbers[i % numbers.size()]);
      }
    }).join();
  });
  EXPECT_FALSE(all.failed());
  EXPECT_FALSE(livelock.has_value());
}

TEST_F(BusyLoops, PlainWriterGoesOn) {
  const Exploration all = run([] {
    int flag = 0;
    run_two([&] { wait_for_volatile(&flag); }, [&] { write_int(&flag, 1); });
  });
  EXPECT_FALSE(all.failed());
}

TEST_F(BusyLoops, HolderOfASpinlockGoesOn) {
  const Exploration all = run([] {
    int lock = 0;
    int count = 0;
    std::binary_semaphore held{0};
    const auto add_and_unlock = [&] {
      for (int i = 0; i < 10; ++i) increment(&count);
      spin_unlock(&lock);
    };
    run_two(
        [&] {
          held.acquire();
          spin_lock(&lock);
          add_and_unlock();
        },
        [&] {
          spin_lock(&lock);
          held.release();
          add_and_unlock();
        });
    EXPECT_EQ(count, 20);
  });
  EXPECT_FALSE(all.failed());
}

TEST_F(BusyLoops, PctComesToItsEnd) {
  PctStrategy strategy(1, 3);
  const Exploration all = run_many(strategy, 50, [] {
    int flag = 0;
    run_two([&] { wait_for(&flag); }, [&] { store_release(&flag, 1); });
    return true;
  });
  EXPECT_EQ(all.executions, 50U);
}

TEST_F(BusyLoops, SleeperGoesOn) {
  const Exploration all = run([] {
    int flag = 0;
    run_two([&] { wait_for(&flag); },
            [&] {
              sleep(10);
              store_release(&flag, 1);
            });
  });
  EXPECT_FALSE(all.failed());
  EXPECT_FALSE(livelock.has_value());
}

// Reading is all that it does, but it comes to its end.
TEST_F(BusyLoops, LongLoopIsNone) {
  const Exploration all = run([] {
    int number = 1;
    int sum = 0;
    const auto add = [&] {
      for (int i = 0; i < 20'000; ++i) sum += read_int(&number);
    };
    run_two(add, add);
    EXPECT_EQ(sum, 40'000);
  });
  EXPECT_FALSE(all.failed());
  EXPECT_FALSE(livelock.has_value());
}

// What it finds is something else each time, though nothing instrumented has written it.
TEST_F(BusyLoops, ReaderOfNewsIsNone) {
  const Exploration all = run([] {
    int news = 0;
    std::thread([&] {
      for (std::uint64_t i = 0; i < kernel::kBusyReadsMax + 10'000; ++i) {
        ++news;
        read_int(&news);
      }
    }).join();
  });
  EXPECT_FALSE(all.failed());
  EXPECT_FALSE(livelock.has_value());
}

TEST_F(BusyLoops, ReaderThatWritesIsNone) {
  const Exploration all = run([] {
    int flag = 0;
    int count = 0;
    std::thread([&] {
      for (std::uint64_t i = 0; i < kernel::kBusyReadsMax + 10'000; ++i) {
        read_int(&flag);
        write_int(&count, 1);
      }
    }).join();
  });
  EXPECT_FALSE(all.failed());
  EXPECT_FALSE(livelock.has_value());
}

// Who looks like one that waits is waited for by another, which has steps to make all the while.
TEST_F(BusyLoops, LongLoopGoesOnWhileOthersDo) {
  int number = 1;
  bool done = false;  // which no instrumented code says
  int yields = 0;
  explore::RandomStrategy strategy(1);
  const auto body = [&] {
    run_two(
        [&] {
          for (int i = 0; i < 5000; ++i) read_int(&number);
          done = true;
        },
        [&] {
          for (; !done && yields < 10'000'000; ++yields) sched_yield();
        });
    return true;
  };
  run_many(strategy, 1, body, explore::Threads::kKept, kStepsMax);
  EXPECT_TRUE(done);
  EXPECT_LT(yields, 10'000'000);
}

// They wait for ever, and so does the place.
int never_written = 0;

TEST_F(BusyLoops, LivelockIsNamed) {
  const Exploration all = run(
      [] { run_two([] { wait_for(&never_written); }, [] { wait_for_yielding(&never_written); }); });
  EXPECT_EQ(all.verdict, Verdict::kDeadlock);
  ASSERT_TRUE(livelock.has_value());
  EXPECT_EQ(livelock->address, &never_written);
  EXPECT_GE(livelock->task, 2);
  EXPECT_GE(livelock->reads, kernel::kBusyReadsMax);
}

TEST_F(BusyLoops, LivelockOfWhoLooksAtSeveralPlacesIsNamed) {
  const Exploration all = run([] {
    alignas(8) int place = 0;
    std::thread([&] { wait_through(&place, &never_written); }).join();
  });
  EXPECT_EQ(all.verdict, Verdict::kDeadlock);
  ASSERT_TRUE(livelock.has_value());
  EXPECT_EQ(livelock->address, &never_written);
}

using BusyLoopsDeathTest = BusyLoops;

TEST_F(BusyLoopsDeathTest, LivelockAbortsByItself) {
  SKIP_UNDER_EMULATOR("it waits for its other threads when one aborts");
  EXPECT_DEATH(
      {
        kernel::on_livelock = kernel::print_and_abort;
        run([] { std::thread([] { wait_for(&never_written); }).join(); });
      },
      "livelock: task 2 .* spins on");
}

}  // namespace
}  // namespace ums::test
