// SPDX-License-Identifier: Apache-2.0
//
// Completion lists under many schedules, through the device: several schedulers take, walk and
// execute while workers enter, yield and end, and while a list is deleted. A worker that is lost,
// or a wake-up, is a deadlock to the explorer.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "simulated/explored_kernel.h"
#include "support/door.h"
#include "support/run_beside.h"

namespace ums::test {
namespace {

class ComplistTest : public ExploredKernel {};

// An open device with a list, and one with which schedulers enter.
struct Device {
  Device() : fd(dev_open()), list(create_list(fd)), home(create_list(fd)) {}
  ~Device() { EXPECT_EQ(dev_close(fd), 0); }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const int fd;
  const int list;
  const int home;
};

// Executes a worker, which must be the one that the next event is about. Returns its type.
int execute_once(int fd, pid_t worker) {
  EXPECT_EQ(execute(fd, worker), 0);
  ums_sched_event event;
  EXPECT_EQ(take_event(fd, event), 0);
  const bool yielded = event.type == THREAD_YIELD;
  EXPECT_EQ(yielded ? event.yield_params.context : event.end_params.context, worker);
  return event.type;
}

// False: the worker is running, or has ended.
bool execute_perhaps(int fd, pid_t worker) {
  const int result = execute(fd, worker);
  EXPECT_TRUE(result == 0 || result == -EBUSY || result == -ESRCH) << result;
  if (result != 0) return false;
  ums_sched_event event;
  EXPECT_EQ(take_event(fd, event), 0);
  EXPECT_EQ(event.end_params.context, worker);
  return true;
}

// A list of workers who yield so often, and whom several schedulers serve. The last one that ends
// deletes the list, which is gone when it has left.
class Crew {
 public:
  Crew(int workers, int yields) : left_(workers), yields_(yields) {}

  void work() {
    EXPECT_EQ(enter_worker(fd(), list()), 0);
    for (int i = 0; i < yields_; ++i) {
      take_turn();
      EXPECT_EQ(yield(fd()), 0);
    }
    take_turn();
    if (--left_ == 0) {
      EXPECT_EQ(delete_list(fd(), list()), 0);
    }
    EXPECT_EQ(exit_worker(fd()), 0);
  }

  // Executes whole batches, in order.
  void serve_batches() {
    serve([this](pid_t first) {
      std::vector<pid_t> batch{first};
      for (pid_t next_one = 0; (next_one = next(fd(), batch.back())) > 0;) {
        batch.push_back(next_one);
      }
      for (const pid_t worker : batch) execute_once(fd(), worker);
      executed_ += static_cast<int>(batch.size());
    });
  }

  // Executes the first of each batch; what it carries returns to the list.
  void serve_heads() {
    serve([this](pid_t first) {
      execute_once(fd(), first);
      ++executed_;
    });
  }

  // Context: no thread uses it any more.
  void expect_turns(int turns) const {
    EXPECT_EQ(turns_, turns);
    EXPECT_EQ(executed_, turns);
  }

 private:
  int fd() const { return device_.fd; }
  int list() const { return device_.list; }

  void take_turn() {
    const std::lock_guard guard(mutex_);  // others go on
    ++turns_;
  }

  template <typename Batch>
  void serve(Batch batch) {
    become_scheduler(fd(), device_.home);
    int first = 0;
    while ((first = dequeue(fd(), list())) > 0) batch(first);
    EXPECT_EQ(first, -EINVAL);  // the list is gone
  }

  Device device_;
  int left_;
  const int yields_;
  std::mutex mutex_;
  int turns_ = 0;     // that the workers have had
  int executed_ = 0;  // by the schedulers
};

void share_a_list() {
  Crew crew(2, 1);
  const auto work = [&] { crew.work(); };
  const auto serve = [&] { crew.serve_batches(); };
  run_beside(work, serve, work, serve);
  crew.expect_turns(4);
}

TEST_F(ComplistTest, SchedulersShareAList) { explore(share_a_list, 500); }

TEST_F(ComplistTest, WhatWasNotWalkedComesBack) {
  explore([] {
    Crew crew(3, 1);
    const auto work = [&] { crew.work(); };
    run_beside(
        work, work, work, [&] { crew.serve_heads(); }, [&] { crew.serve_batches(); });
    crew.expect_turns(6);
  });
}

void serve_one() {
  Crew crew(1, 1);
  run_beside([&] { crew.work(); }, [&] { crew.serve_batches(); });
  crew.expect_turns(2);
}

TEST_F(ComplistTest, DequeuerMeetsWorker) {
  explore(serve_one);
  EXPECT_GT(explore_all(serve_one, 1), 100U);
}

// A dequeuer of a foreign list, who enters that, and its end: either the worker is there before the
// end and is executed, or both are told that there is no such list.
class DeletedList {
 public:
  void dequeue_and_execute() {
    become_scheduler(device_.fd, device_.home);
    dequeued_ = dequeue(device_.fd, device_.list);
    if (dequeued_ <= 0) return;
    EXPECT_EQ(execute_once(device_.fd, dequeued_), THREAD_TERMINATED);
  }

  void work() {
    entered_ = enter_worker(device_.fd, device_.list);
    if (entered_ != 0) return;
    EXPECT_EQ(exit_worker(device_.fd), 0);
  }

  void end() { EXPECT_EQ(delete_list(device_.fd, device_.list), 0); }

  // Context: no thread uses it any more.
  void expect_agreement() {
    if (entered_ == 0) {
      EXPECT_GT(dequeued_, 0);
    } else {
      EXPECT_EQ(entered_, -EINVAL);
      EXPECT_EQ(dequeued_, -EINVAL);
    }
    EXPECT_EQ(create_list(device_.fd), device_.list) << "the id is not free";
  }

 private:
  Device device_;
  int entered_ = 1;
  int dequeued_ = 0;
};

TEST_F(ComplistTest, DeletionMeetsEntryAndDequeue) {
  explore([] {
    DeletedList list;
    run_beside([&] { list.dequeue_and_execute(); }, [&] { list.end(); }, [&] { list.work(); });
    list.expect_agreement();
  });
}

void delete_beside_dequeuers() {
  Device device;
  const auto wait = [&] {
    become_scheduler(device.fd, device.home);
    EXPECT_EQ(dequeue(device.fd, device.list), -EINVAL);
  };
  run_beside(
      wait, [&] { EXPECT_EQ(delete_list(device.fd, device.list), 0); }, wait);
}

TEST_F(ComplistTest, DeletionWakesAllDequeuers) { explore(delete_beside_dequeuers); }

// Its id is free again unless somebody has entered it before.
void reuse_id() {
  Device device;
  int other = 0;
  int entered = 1;
  run_beside(
      [&] {
        EXPECT_EQ(delete_list(device.fd, device.list), 0);
        other = create_list(device.fd);
      },
      [&] { entered = enter_scheduler(device.fd, device.list); });
  EXPECT_TRUE(entered == 0 || entered == -EINVAL) << entered;
  EXPECT_TRUE(other == device.list || entered == 0) << other;
  EXPECT_EQ(delete_list(device.fd, other), 0);
}

TEST_F(ComplistTest, DeletedListIsReplaced) {
  explore(reuse_id);
  EXPECT_GT(explore_all(reuse_id, 1), 100U);
}

TEST_F(ComplistTest, ListIsDeletedOnce) {
  explore([] {
    Device device;
    int deleted = 0;
    const auto delete_it = [&] {
      const int result = delete_list(device.fd, device.list);
      EXPECT_TRUE(result == 0 || result == -EINVAL) << result;
      if (result == 0) ++deleted;
    };
    run_beside(
        delete_it, [&] { enter_scheduler(device.fd, device.list); }, delete_it);
    EXPECT_EQ(deleted, 1);
  });
}

// Three workers that have yielded once, in order in their list, and the batch that they are.
class Batch {
 public:
  explicit Batch(const Device& device) {
    become_scheduler(device.fd, device.home);
    for (std::thread& thread : threads_) {
      thread = std::thread([&device] {
        EXPECT_EQ(enter_worker(device.fd, device.list), 0);
        EXPECT_EQ(yield(device.fd), 0);
        EXPECT_EQ(exit_worker(device.fd), 0);
      });
    }
    while (ids_.size() < threads_.size()) {
      for (const pid_t worker : take_batch(device.fd, device.list)) ids_.push_back(worker);
    }
    for (const pid_t worker : ids_) EXPECT_EQ(execute_once(device.fd, worker), THREAD_YIELD);
  }

  // In the order of the list.
  const std::vector<pid_t>& ids() const { return ids_; }

  void join() {
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::array<std::thread, 3> threads_;
  std::vector<pid_t> ids_;
};

// Two walk one batch: each worker is named once.
TEST_F(ComplistTest, BatchIsWalkedOnce) {
  explore([] {
    Device device;
    Batch batch(device);
    EXPECT_EQ(dequeue(device.fd, device.list), batch.ids()[0]);
    std::vector<pid_t> named;
    const auto walk = [&] {
      for (pid_t at = batch.ids()[0]; (at = next(device.fd, at)) > 0;) named.push_back(at);
    };
    run_beside(walk, walk);
    EXPECT_EQ(std::multiset<pid_t>(named.begin(), named.end()),
              (std::multiset<pid_t>{batch.ids()[1], batch.ids()[2]}));
    for (const pid_t worker : batch.ids()) execute_once(device.fd, worker);
    batch.join();
  });
}

// Two execute each worker of a batch: one does, and the other is told that it runs or has ended.
TEST_F(ComplistTest, WorkerIsExecutedByOne) {
  explore([] {
    Device device;
    Batch batch(device);
    EXPECT_EQ(take_batch(device.fd, device.list), batch.ids());
    int executed = 0;
    const auto execute_all = [&] {
      become_scheduler(device.fd, device.home);
      for (const pid_t worker : batch.ids()) {
        if (execute_perhaps(device.fd, worker)) ++executed;
      }
    };
    run_beside(execute_all, execute_all);
    EXPECT_EQ(executed, 3);
    batch.join();
  });
}

// A worker ends, and another gets its place in memory, while somebody executes it by its id.
void execute_an_ended_one() {
  Device device;
  become_scheduler(device.fd, device.home);
  const auto work = [&] {
    EXPECT_EQ(enter_worker(device.fd, device.list), 0);
    EXPECT_EQ(exit_worker(device.fd), 0);
  };
  std::thread ended(work);
  const pid_t id = dequeue(device.fd, device.list);
  std::thread other([&] {
    become_scheduler(device.fd, device.home);
    execute_perhaps(device.fd, id);
  });
  execute_perhaps(device.fd, id);
  std::thread successor(work);
  EXPECT_TRUE(execute_perhaps(device.fd, dequeue(device.fd, device.list)));
  for (std::thread* each : {&ended, &other, &successor}) each->join();
}

TEST_F(ComplistTest, IdOfAnEndedWorkerIsNobodyElses) {
  explore(execute_an_ended_one);
  EXPECT_GT(explore_all(execute_an_ended_one, 1), 1000U);
}

// A scheduler ends with a batch in its hand, which another walks: nobody in it is lost.
void end_with_a_batch() {
  Device device;
  Batch batch(device);
  std::mutex mutex;
  std::condition_variable taken;
  bool is_taken = false;
  const auto take_and_end = [&] {
    become_scheduler(device.fd, device.home);
    EXPECT_EQ(dequeue(device.fd, device.list), batch.ids()[0]);
    const std::lock_guard guard(mutex);
    is_taken = true;
    taken.notify_one();
  };
  const auto walk = [&] {
    std::unique_lock lock(mutex);
    taken.wait(lock, [&] { return is_taken; });
    lock.unlock();
    for (pid_t at = batch.ids()[0]; at > 0;) at = next(device.fd, at);
  };
  run_beside(take_and_end, walk);
  for (const pid_t worker : batch.ids()) {
    EXPECT_EQ(execute_once(device.fd, worker), THREAD_TERMINATED);
  }
  batch.join();
}

TEST_F(ComplistTest, BatchOfADeadSchedulerStaysExecutable) {
  testing::internal::CaptureStderr();  // each is reported
  explore(end_with_a_batch);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("dequeued: no list has it"),
            std::string::npos);
}

}  // namespace
}  // namespace ums::test
