// SPDX-License-Identifier: Apache-2.0
//
// Virtual CPUs: what programs take on them, to the nanosecond, and who goes first.
#include "sim_kernel/simulated/virtual_cpus.h"

#include <gtest/gtest.h>
#include <ums/ums_sim.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <mutex>
#include <string>

#include "tests/simulated/virtual_run.h"
#include "ums_api/explore/random_strategy.h"
#include "ums_api/explore/replay_strategy.h"

namespace ums::test {
namespace {

// `tasks` threads that compute for so long.
CpuUsage fork_and_join(const CpuOptions& options, std::size_t tasks, std::uint64_t nanoseconds) {
  return run(options, [=] {
    run_beside(
        std::vector<std::function<void()>>(tasks, [nanoseconds] { ums_sim_compute(nanoseconds); }));
  });
}

// ---- makespans

TEST(VirtualCpus, MakespanIsTheWorkByTheCpus) {
  for (int count = 1; count <= 64; count *= 2) {
    const CpuUsage usage = fork_and_join(cpus(count), 64, kMs);
    EXPECT_EQ(usage.moment, 64 / static_cast<unsigned>(count) * kMs) << count << " CPUs";
    EXPECT_DOUBLE_EQ(usage.utilisation, 1) << count << " CPUs";
  }
}

TEST(VirtualCpus, MakespanIsThatOfTheLongestPath) {
  const CpuUsage usage = fork_and_join(cpus(64), 16, kMs);
  EXPECT_EQ(usage.moment, kMs);
  EXPECT_DOUBLE_EQ(usage.utilisation, 0.25);
  const std::uint64_t in_series = run(cpus(8), [] {
                                    std::mutex mutex;
                                    const auto hold = [&mutex] {
                                      const std::lock_guard guard(mutex);
                                      ums_sim_compute(kMs);
                                    };
                                    run_beside({hold, hold, hold, hold, hold});
                                  }).moment;
  EXPECT_EQ(in_series, 5 * kMs);
}

// Whatever order a strategy chooses among those that may go on.
TEST(VirtualCpus, MakespanOfEqualTasksIsTheSameInEveryOrder) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    explore::RandomStrategy strategy(seed);
    const CpuUsage usage = run(strategy, cpus(4, {}, 0), [] {
      run_beside(std::vector<std::function<void()>>(8, [] { ums_sim_compute(kMs); }));
    });
    EXPECT_EQ(usage.moment, 2 * kMs) << "seed " << seed;
  }
}

// ---- clocks

TEST(VirtualCpus, ComputingAdvancesOnlyTheCallersClock) {
  run(cpus(2), [] {
    std::uint64_t other = 0;
    std::thread thread([&other] {
      ums_sim_compute(3 * kMs);
      sched_yield();
      other = now();
    });
    sched_yield();
    ums_sim_compute(kMs);
    sched_yield();
    EXPECT_EQ(now(), kMs);
    EXPECT_EQ(other, 0U) << "it is later there";
    thread.join();
    EXPECT_EQ(other, 3 * kMs);
    EXPECT_EQ(now(), 3 * kMs);
  });
}

TEST(VirtualCpus, StepsAreMadeInTheOrderOfTheirTimes) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    explore::RandomStrategy strategy(seed);
    std::string order;
    run(strategy, cpus(4, {}, 0), [&order] {
      const auto step = [&order](char name, std::uint64_t first, std::uint64_t then) {
        ums_sim_compute(first);
        sched_yield();
        order += name;
        ums_sim_compute(then);
        sched_yield();
        order += name;
      };
      run_beside({[&] { step('a', 1, 4); }, [&] { step('b', 2, 1); }, [&] { step('c', 4, 2); }});
    });
    EXPECT_EQ(order, "abbcac") << "seed " << seed;
  }
}

TEST(VirtualCpus, OfThoseAtOneMomentTheStrategyChooses) {
  std::array<int, 2> firsts{};
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    explore::RandomStrategy strategy(seed);
    std::string order;
    run(strategy, cpus(2, {}, 0), [&order] {
      const auto step = [&order](char name) {
        ums_sim_compute(kMs);
        sched_yield();
        order += name;
      };
      run_beside({[&] { step('a'); }, [&] { step('b'); }});
    });
    ++firsts[order.front() == 'a' ? 0 : 1];
  }
  EXPECT_GT(firsts[0], 5);
  EXPECT_GT(firsts[1], 5);
}

TEST(VirtualCpus, JoiningAThreadTakesUntilItsEnd) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    explore::RandomStrategy strategy(seed);
    run(strategy, cpus(2, {}, 0), [] {
      std::thread thread([] { ums_sim_compute(kMs); });
      sched_yield();
      sched_yield();
      thread.join();
      EXPECT_EQ(now(), kMs);
    });
  }
}

TEST(VirtualCpus, LockIsThereWhenItIsReleased) {
  run(cpus(2), [] {
    std::mutex mutex;
    std::uint64_t taken = 0;
    run_beside({[&] {
                  const std::lock_guard guard(mutex);
                  ums_sim_compute(3 * kMs);
                },
                [&] {
                  ums_sim_compute(kMs);
                  const std::lock_guard guard(mutex);
                  taken = now();
                }});
    EXPECT_EQ(taken, 3 * kMs);
  });
}

// Who has computed until 10 does not take at 8, on another CPU, what is released then.
TEST(VirtualCpus, NobodyGoesBackInTime) {
  run(cpus(3), [] {
    std::mutex mutex;
    std::uint64_t taken = 0;
    run_beside({[&] {
                  const std::lock_guard guard(mutex);
                  ums_sim_compute(8);
                },
                [&] {
                  ums_sim_compute(10);
                  const std::lock_guard guard(mutex);
                  taken = now();
                }});
    EXPECT_EQ(taken, 10U);
  });
}

TEST(VirtualCpus, ClocksStandStillAtTheEndOfTime) {
  const CpuUsage usage = run(cpus(4, {.context_switch = 10, .migration = 5}), [] {
    const auto work = [] {
      for (int i = 0; i < 3; ++i) ums_sim_compute(~0ULL);
      EXPECT_EQ(now(), kernel::kEndOfTime);
      sched_yield();
    };
    run_beside({work, work, work, work});
  });
  EXPECT_EQ(usage.moment, kernel::kEndOfTime);
  EXPECT_NEAR(usage.utilisation, 1, 1e-6);
}

// ---- timers

TEST(VirtualCpus, SleeperIsAwakeThoughOthersRun) {
  run(cpus(2), [] {
    std::uint64_t awake = 0;
    run_beside({[&] {
                  usleep(2000);
                  awake = now();
                },
                [] {
                  for (int i = 0; i < 10; ++i) {
                    ums_sim_compute(kMs);
                    sched_yield();
                  }
                }});
    EXPECT_EQ(awake, 2 * kMs);
    EXPECT_EQ(now(), 10 * kMs);
  });
}

// Also with one CPU and nothing to decide: it is awake when its time has come, not when nobody else
// can run.
TEST(VirtualCpus, SleeperIsAwakeOnAPlainMachineToo) {
  explore::ReplayStrategy strategy({});  // who yields lets the next go on
  std::string order;
  run(strategy, {}, [&order] {
    run_beside({[&] {
                  usleep(2000);
                  order += 's';
                },
                [&] {
                  for (int i = 0; i < 4; ++i) {
                    ums_sim_compute(kMs);
                    sched_yield();
                    order += 'c';
                  }
                }});
  });
  EXPECT_EQ(order, "csccc");
}

TEST(VirtualCpus, SleepingCostsNoCpu) {
  const CpuUsage usage = run(cpus(1), [] {
    std::vector<std::function<void()>> sleepers(32, [] { usleep(1000); });
    run_beside(sleepers);
  });
  EXPECT_EQ(usage.moment, kMs);
  EXPECT_EQ(usage.utilisation, 0);
}

// ---- costs

TEST(VirtualCpus, StepsCostWhatTheProfileSays) {
  const CostProfile costs = {.system_call = 100, .lock = 7, .create = 1000};
  run(cpus(1, costs), [] {
    std::mutex mutex;
    mutex.lock();
    EXPECT_EQ(now(), 7U);
    mutex.unlock();
    EXPECT_EQ(now(), 14U);
    sched_yield();
    EXPECT_EQ(now(), 114U);
    std::thread thread([] {});
    EXPECT_EQ(now(), 1114U);
    thread.join();
    EXPECT_EQ(now(), 1214U);
  });
}

TEST(VirtualCpus, SwitchCostsWhereACpuGoesOnWithAnotherTask) {
  // main, the thread, main again.
  const auto switched = run(cpus(1, {.context_switch = 10}), [] { run_beside({[] {}}); });
  EXPECT_EQ(switched.moment, 20U);
  // On a CPU of its own: main is alone on the other, and comes back to it at no cost.
  const auto beside = run(cpus(2, {.context_switch = 10}), [] {
    std::thread thread([] {});
    sched_yield();
    thread.join();
  });
  EXPECT_EQ(beside.moment, 10U);
}

// How often a task was offered to take a CPU, as a step of its own.
class CountDispatches final : public explore::Strategy {
 public:
  bool new_execution() override { return true; }
  std::size_t next_task(std::span<const explore::Choice> choices, int) override {
    for (const explore::Choice& choice : choices) {
      count += choice.next.kind == kernel::EventKind::kDispatch ? 1 : 0;
    }
    return 0;
  }
  std::uint64_t next_number(std::uint64_t) override { return 0; }

  int count = 0;
};

TEST(VirtualCpus, TakingACpuIsAStepWhereItTakesTime) {
  CountDispatches with_costs;
  run(with_costs, cpus(2, {.context_switch = 10}, 0), [] { run_beside({[] {}}); });
  EXPECT_GT(with_costs.count, 0);
  CountDispatches without;
  run(without, cpus(2, {}, 0), [] { run_beside({[] {}}); });
  EXPECT_EQ(without.count, 0);
}

TEST(VirtualCpus, WakingCostsTheWaker) {
  // The end of the thread wakes who joins it.
  const auto usage =
      run(cpus(2, {.wake_up = 30}), [] { run_beside({[] { ums_sim_compute(kMs); }}); });
  EXPECT_EQ(usage.moment, kMs + 30);
}

TEST(VirtualCpus, MigrationCostsOnAnotherCpuThanBefore) {
  const std::uint64_t there_and_back = run(cpus(4, {.migration = 50}), [] {
                                         stay_on(0b0100);
                                         EXPECT_EQ(sched_getcpu(), 2);
                                         EXPECT_EQ(now(), 50U);
                                         stay_on(0b0110);
                                         EXPECT_EQ(now(), 50U) << "it need not go";
                                         stay_on(0b1000);
                                       }).moment;
  EXPECT_EQ(there_and_back, 100U);
}

TEST(VirtualCpus, WhoGetsACpuKeepsTheOneThatItHad) {
  run(cpus(4, {.migration = 50}), [] {
    stay_on(0b1000);
    stay_on(0b1111);
    usleep(1000);
    EXPECT_EQ(sched_getcpu(), 3);
  });
}

// ---- turns

TEST(VirtualCpus, WhoHasHadAQuantumLetsOthersGoOn) {
  // Three times 8 ms on two CPUs: 12 ms, with turns of 4 ms each; one after the other 16 ms.
  EXPECT_EQ(fork_and_join(cpus(2), 3, 8 * kMs).moment, 12 * kMs);
  EXPECT_EQ(fork_and_join(cpus(2, {}, 0), 3, 8 * kMs).moment, 16 * kMs);
}

TEST(VirtualCpus, TurnsGoRound) {
  std::string order;
  run(cpus(1), [&order] {
    const auto work = [&order](char name) {
      for (int i = 0; i < 6; ++i) {
        ums_sim_compute(2 * kMs);
        order += name;
      }
    };
    run_beside({[&] { work('a'); }, [&] { work('b'); }, [&] { work('c'); }});
  });
  EXPECT_EQ(order, "aabbccaabbccaabbcc");
}

TEST(VirtualCpus, WhoYieldsGoesToTheEnd) {
  std::string order;
  run(cpus(1, {.context_switch = 10}), [&order] {
    const auto work = [&order](char name) {
      for (int i = 0; i < 3; ++i) {
        order += name;
        sched_yield();
      }
    };
    run_beside({[&] { work('a'); }, [&] { work('b'); }, [&] { work('c'); }});
  });
  EXPECT_EQ(order, "abcabcabc");
}

// ---- the same choices are the same execution

TEST(VirtualCpus, ScheduleComesAgain) {
  const auto body = [](std::string& order) {
    std::mutex mutex;
    const auto work = [&](char name) {
      for (std::uint64_t i = 0; i < 4; ++i) {
        ums_sim_compute(i % 2 * 100);
        const std::lock_guard guard(mutex);
        order += name;
      }
    };
    run_beside({[&] { work('a'); }, [&] { work('b'); }, [&] { work('c'); }});
  };
  const CpuOptions options = cpus(2, {.context_switch = 10, .migration = 5, .lock = 1}, 0);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    explore::RandomStrategy strategy(seed);
    ASSERT_TRUE(strategy.new_execution());
    explore::Execution execution(strategy);
    std::string order;
    ASSERT_TRUE(kernel::simulation_begin(execution, options).ok());
    body(order);
    const std::uint64_t end = now();
    kernel::simulation_end();
    explore::ReplayStrategy replay(execution.schedule());
    std::string again;
    EXPECT_EQ(run(replay, options, [&] { body(again); }).moment, end);
    EXPECT_EQ(again, order);
    EXPECT_FALSE(replay.has_strayed());
  }
}

TEST(VirtualCpus, RealTimeIsTiny) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(fork_and_join(cpus(64), 64, 3'600'000 * kMs).moment, 3'600'000 * kMs);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::hours(1));
}

}  // namespace
}  // namespace ums::test
