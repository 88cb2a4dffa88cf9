// SPDX-License-Identifier: Apache-2.0
//
// The C++ wrappers: what they promise beyond the calls of ums.h.
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <ums/ums.hpp>
#include <vector>

namespace {

TEST(UmsHpp, AWorkerRunsItsFunctionWithItsArguments) {
  std::string said;
  ums::CompletionList list;
  ums::Scheduler<> scheduler(list);
  auto text = std::make_unique<std::string>("moved");
  ums::Worker worker(
      list,
      [](const std::unique_ptr<std::string>& own, std::string& out) {
        ums::yield();
        out = *own;
      },
      std::move(text), std::ref(said));
  worker.join();
  EXPECT_EQ(said, "moved");
  EXPECT_EQ(text, nullptr);
}

TEST(UmsHpp, DestructorsJoin) {
  int ran = 0;
  {
    ums::CompletionList list;
    ums::Scheduler<> scheduler(list);
    ums::Worker first(list, [&] { ++ran; });
    ums::Worker second(list, [&] { ++ran; });
  }
  EXPECT_EQ(ran, 2);
}

TEST(UmsHpp, AWorkerMovesLikeAThread) {
  ums::CompletionList list;
  ums::Scheduler<> scheduler(list);
  ums::Worker empty;
  EXPECT_FALSE(empty.joinable());
  EXPECT_THROW(empty.join(), std::system_error);
  ums::Worker worker(list, [] {});
  ums::Worker other(std::move(worker));
  EXPECT_TRUE(other.joinable());
  empty = std::move(other);
  EXPECT_FALSE(other.joinable());  // NOLINT(bugprone-use-after-move)
  empty.join();
  EXPECT_FALSE(empty.joinable());
}

TEST(UmsHpp, ASchedulerOfAClosedListLeavesWhenNobodyIsLeft) {
  ums::CompletionList list;
  ums::Scheduler<> scheduler(list);
  std::atomic<int> ran{0};
  ums::Worker worker(list, [&] { ++ran; });
  list.close();
  list.close();
  scheduler.join();
  EXPECT_EQ(ran, 1);
}

TEST(UmsHpp, AListMayCloseEmpty) {
  ums::CompletionList list;
  ums::Scheduler<> first(list);
  ums::Scheduler<> second(list);
  list.close();
  first.join();
  second.join();
}

TEST(UmsHpp, AClosedListTakesNoScheduler) {
  ums::CompletionList list;
  list.close();
  EXPECT_THROW(ums::Scheduler<> scheduler(list), std::logic_error);
}

TEST(UmsHpp, SchedulersOfOneListAllLeave) {
  constexpr int kWorkers = 50, kRounds = 20, kSchedulers = 4;
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::atomic<int> turns{0};
    ums::CompletionList list;
    std::vector<std::unique_ptr<ums::Scheduler<>>> schedulers;
    schedulers.reserve(kSchedulers);
    for (int i = 0; i < kSchedulers; ++i) {
      schedulers.push_back(std::make_unique<ums::Scheduler<>>(list));
    }
    std::vector<ums::Worker> workers;
    workers.reserve(kWorkers);
    for (int i = 0; i < kWorkers; ++i) {
      workers.emplace_back(list, [&turns] {
        for (int round = 0; round < kRounds; ++round) {
          ++turns;
          ums::yield();
        }
      });
    }
    list.close();
    for (const auto& scheduler : schedulers) scheduler->join();
    EXPECT_EQ(turns, kWorkers * kRounds);
  }
}

TEST(UmsHpp, RunningWorkersOfAClosedListMayMakeMore) {
  std::atomic<int> ran{0};
  ums::CompletionList list;
  std::vector<ums::Worker> descendants;
  std::function<void(int)> live = [&](int generations) {
    ++ran;
    ums::yield();
    if (generations > 0) descendants.emplace_back(list, live, generations - 1);
  };
  ums::Scheduler<> scheduler(list);
  ums::Worker first(list, live, 10);
  list.close();
  scheduler.join();
  EXPECT_EQ(ran, 11);
}

// ---- policies

struct Witness {
  std::vector<std::string>* events;
  ums::RoundRobin order;

  explicit Witness(std::vector<std::string>& told) : events(&told) {}
  void on_startup() { events->push_back("startup"); }
  void on_yield(ums_context_t, void* parameter) {
    events->push_back(*static_cast<std::string*>(parameter));
  }
  void on_end(ums_context_t) { events->push_back("end"); }
  ums_context_t next(ums::CompletionList& list) { return order.next(list); }
};

TEST(UmsHpp, APolicyIsToldWhatHappens) {
  std::vector<std::string> events;
  ums::CompletionList list;
  std::string gift = "gift";
  ums::Scheduler<Witness> scheduler(list, events);
  ums::Worker worker(list, [&] { ums::yield(&gift); });
  worker.join();
  list.close();
  scheduler.join();
  EXPECT_EQ(events, (std::vector<std::string>{"startup", "gift", "end"}));
}

// ---- how threads end

TEST(UmsHpp, CancellationDestroysTheCall) {
  const auto held = std::make_shared<int>(0);
  ums::CompletionList list;
  ums::Scheduler<> scheduler(list);
  ums::Worker worker(
      list,
      [](const std::shared_ptr<int>&) {
        for (;;) {
          ums::yield();
          pthread_testcancel();
        }
      },
      held);
  EXPECT_EQ(pthread_cancel(worker.native_handle()), 0);
  worker.join();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(UmsHpp, PthreadExitDestroysTheCall) {
  const auto held = std::make_shared<int>(0);
  ums::CompletionList list;
  ums::Scheduler<> scheduler(list);
  ums::Worker worker(
      list, [](const std::shared_ptr<int>&) { pthread_exit(nullptr); }, held);
  worker.join();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(UmsHppDeathTest, AnExceptionThatLeavesAWorkerTerminates) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        ums::CompletionList list;
        ums::Scheduler<> scheduler(list);
        ums::Worker worker(list, [] { throw std::runtime_error("from the worker"); });
        worker.join();
      },
      "from the worker");
}

TEST(UmsHpp, ErrorsAreSystemErrors) {
  try {
    ums::yield();
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ESRCH);
  }
}

TEST(UmsHpp, ReadsAndListsProc) {
  ums::CompletionList list;  // the library's file is open
  const std::vector<std::string> pools = ums::proc::list("/proc/ums");
  ASSERT_EQ(pools.size(), 1U);
  const std::string pool = "/proc/ums/" + pools[0];
  EXPECT_EQ(ums::proc::list(pool), (std::vector<std::string>{"workers", "schedulers"}));
  std::string info;
  {
    ums::Scheduler<> scheduler(list);
    ums::Worker worker(list, [&] {
      const std::string workers = pool + "/workers";
      info = ums::proc::read(workers + "/" + ums::proc::list(workers).at(0) + "/info");
    });
    worker.join();
  }
  EXPECT_NE(info.find("\nState:\tR (running)\nSwitches:\t0\n"), std::string::npos) << info;
}

TEST(UmsHpp, WhatIsNotInProcThrows) {
  try {
    ums::proc::read("/proc/ums/none/info");
    ADD_FAILURE() << "no exception";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_NE(std::string(error.what()).find("/proc/ums/none/info"), std::string::npos);
  }
  EXPECT_THROW(ums::proc::read("/proc/ums"), std::system_error);
}

}  // namespace
