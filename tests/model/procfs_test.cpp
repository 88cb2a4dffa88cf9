// SPDX-License-Identifier: Apache-2.0
//
// The numbers of links in /proc/ums: random operations, with a std::map as the oracle.
#include "support/procfs.h"

#include <sched.h>

#include <atomic>
#include <random>

#include "support/seed.h"

namespace ums::test {
namespace {

class ProcfsModel : public Procfs {};

// Random moves of two schedulers over the same workers; the links of both are compared with what
// a std::map holds.
class LinkModel {
 public:
  void dequeue(const Batch& batch) {
    if (links.empty()) next_ = 1;
    for (const pid_t worker : batch) links[next_++] = worker;
  }
  bool execute(pid_t worker) {
    return std::erase_if(links, [worker](const auto& link) { return link.second == worker; }) > 0;
  }
  Links links;

 private:
  int next_ = 1;
};

TEST_F(ProcfsModel, NumbersAreThoseOfAMap) {
  constexpr int kWorkers = 12;
  constexpr int kMoves = 400;
  std::mt19937_64 random(test_seed());
  std::atomic<bool> stop{false};
  for (int i = 0; i < kWorkers; ++i) {
    workers_.push_back(std::make_unique<Worker>(fd_, list_, [&] {
      while (!stop) EXPECT_EQ(yield(fd_), 0);
    }));
  }
  Batch listed;
  for (const auto& worker : workers_) listed.push_back(worker->tid());
  LinkModel models[2];
  std::atomic<pid_t> tids[2] = {};
  // What is behind each worker in its batch, and not walked.
  std::map<pid_t, Batch> rest;
  Batch reached;

  const auto move = [&](LinkModel& mine) {
    if (!listed.empty() && random() % 3 == 0) {
      ASSERT_EQ(dequeue(fd_, list_), listed[0]);
      mine.dequeue(listed);
      reached.push_back(listed[0]);
      rest[listed[0]] = {listed.begin() + 1, listed.end()};
      listed.clear();
    } else if (!reached.empty()) {
      const std::size_t which = random() % reached.size();
      const pid_t worker = reached[which];
      Batch& behind = rest[worker];
      if (!behind.empty() && random() % 3 != 0) {
        ASSERT_EQ(next(fd_, worker), behind[0]);
        reached.push_back(behind[0]);
        rest[behind[0]] = {behind.begin() + 1, behind.end()};
        behind.clear();
        return;
      }
      ASSERT_EQ(execute(fd_, worker), 0);
      ASSERT_EQ(take_event_type(fd_), THREAD_YIELD);
      for (LinkModel& model : models) {
        model.execute(worker);
        for (const pid_t other : behind) model.execute(other);
      }
      listed.insert(listed.begin(), behind.begin(), behind.end());
      listed.push_back(worker);
      behind.clear();
      reached.erase(reached.begin() + static_cast<std::ptrdiff_t>(which));
    }
  };

  tids[0] = thread_id();
  become_scheduler(fd_, list_);
  std::atomic<int> turn{0};  // whose: 0 is the test's thread, 1 the other's; 2: the end
  Thread other([&] {
    become_scheduler(fd_, list_);
    tids[1] = thread_id();
    for (int now = 0; now != 2; sched_yield()) {
      now = turn;
      if (now != 1) continue;
      move(models[1]);
      turn = 0;
    }
  });
  for (int i = 0; i < kMoves && !HasFailure(); ++i) {
    if (random() % 2 == 0) {
      move(models[0]);
    } else {
      turn = 1;
      wait_until([&] { return turn == 0; });
    }
    for (int which = 0; which < 2; ++which) {
      if (tids[which] == 0) continue;  // the other has not begun
      EXPECT_EQ(links(tids[which]), models[which].links) << "scheduler " << which << ", move " << i;
    }
  }
  // Everybody ends, after a failure too: else the threads would be waited for in vain.
  stop = true;
  for (int ended = 0; ended < kWorkers;) {
    if (reached.empty()) reached = take_batch(fd_, list_);
    const pid_t worker = reached.back();
    reached.pop_back();
    const int behind = next(fd_, worker);
    if (behind > 0) reached.push_back(behind);
    EXPECT_EQ(execute(fd_, worker), 0);
    if (take_event_type(fd_) == THREAD_TERMINATED) ++ended;
  }
  EXPECT_EQ(links(tids[0]), Links{});
  turn = 2;
  other.join();
}

}  // namespace
}  // namespace ums::test
