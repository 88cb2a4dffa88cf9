// SPDX-License-Identifier: Apache-2.0
//
// Many schedulers hand workers to each other: 64 scheduler threads share four completion lists,
// walk batches, and give half of each away through a basket from which any of them executes. Every
// worker must run to its end, on one processor at a time, and every EXEC bring its one event.
#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <vector>

#include "support/system_test.h"

namespace ums::test {
namespace {

constexpr int kSchedulers = 64;
constexpr int kLists = 4;
constexpr int kWorkers = UMS_SANITIZE_ADDRESS || UMS_SANITIZE_THREAD ? 64 : 256;
constexpr int kYields = UMS_SANITIZE_ADDRESS || UMS_SANITIZE_THREAD ? 50 : 200;

// Workers in hand that nobody in particular executes.
class Basket {
 public:
  void put(pid_t worker) {
    const std::lock_guard guard(mutex_);
    workers_.push_back(worker);
  }
  // A worker, or 0.
  pid_t take() {
    const std::lock_guard guard(mutex_);
    if (workers_.empty()) return 0;
    const pid_t worker = workers_.back();
    workers_.pop_back();
    return worker;
  }

 private:
  std::mutex mutex_;
  std::vector<pid_t> workers_;
};

class Handoff : public DeviceTest {
 protected:
  void add_worker(int list) {
    workers_.push_back(std::make_unique<Worker>(fd_, list, [this] {
      for (int i = 0; i < kYields; ++i) {
        EXPECT_EQ(yield(fd_), 0);
        ++runs_;
      }
      ++finished_;
    }));
  }

  void execute_one(pid_t worker) {
    ASSERT_EQ(execute(fd_, worker), 0) << worker;
    ums_sched_event event;
    ASSERT_EQ(take_event(fd_, event), 0);
    EXPECT_EQ(event.yield_params.context, worker);
    ++(event.type == THREAD_TERMINATED ? ends_ : yields_);
  }

  // A scheduler with the list `own`, which dequeues `list` until that is gone.
  void serve(int own, int list) {
    become_scheduler(fd_, own);
    for (;;) {
      const pid_t first = dequeue(fd_, list);
      if (first == -EINVAL) break;
      ASSERT_GT(first, 0);
      std::vector<pid_t> walked;
      for (pid_t worker = first; worker > 0; worker = next(fd_, worker)) {
        walked.push_back(worker);
      }
      for (std::size_t i = 1; i < walked.size(); i += 2) basket_.put(walked[i]);
      for (std::size_t i = 0; i < walked.size(); i += 2) execute_one(walked[i]);
      for (pid_t worker = basket_.take(); worker > 0; worker = basket_.take()) execute_one(worker);
    }
  }

  Basket basket_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<int> runs_{0};
  std::atomic<int> finished_{0};
  std::atomic<int> yields_{0};
  std::atomic<int> ends_{0};
};

TEST_F(Handoff, NothingIsLost) {
  std::vector<int> lists;
  for (int i = 0; i < kLists; ++i) lists.push_back(create_list(fd_));
  for (int i = 0; i < kWorkers; ++i) add_worker(lists[static_cast<std::size_t>(i % kLists)]);
  // Made now: later their ids could be those of lists that are gone, and still dequeued.
  std::vector<int> own_lists;
  for (int i = 0; i < kSchedulers; ++i) own_lists.push_back(create_list(fd_));
  // From now on a list lives as long as its workers; its last one wakes all who wait for it.
  for (const int list : lists) EXPECT_EQ(delete_list(fd_, list), 0);
  {
    std::vector<std::unique_ptr<Thread>> schedulers;
    for (int i = 0; i < kSchedulers; ++i) {
      const int list = lists[static_cast<std::size_t>(i % kLists)];
      const int own = own_lists[static_cast<std::size_t>(i)];
      schedulers.push_back(std::make_unique<Thread>([this, own, list] { serve(own, list); }));
    }
  }
  workers_.clear();
  EXPECT_EQ(finished_, kWorkers);
  EXPECT_EQ(ends_, kWorkers);
  EXPECT_EQ(runs_, kWorkers * kYields);
  EXPECT_EQ(yields_, kWorkers * kYields);
}

}  // namespace
}  // namespace ums::test
