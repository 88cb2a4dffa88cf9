// SPDX-License-Identifier: Apache-2.0
//
// Neighbour: a good program beside the bad ones of a test. It opens the device, and its scheduler
// and worker take turns, again and again; every call must give what it gives a program that is
// alone.
//
//     Neighbour neighbour;
//     ... what hostile programs do ...
//     neighbour.expect_served();      // it goes on now
//
// Thread safety: one owner.
#pragma once

#include <atomic>

#include "support/await.h"
#include "support/server/victim.h"
#include "support/thread.h"

namespace ums::test {

class Neighbour {
 public:
  Neighbour() : process_([this] { run(); }) { expect_served(); }
  ~Neighbour() {
    expect_served();
    state_.stop = true;
    EXPECT_EQ(process_.wait(), 0) << "a call of the good program went wrong";
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

  // Waits until it has done a round from its beginning on.
  void expect_served() const {
    const int before = state_.rounds;
    wait_until([this, before] { return state_.rounds >= before + 2 || state_.failed; });
    EXPECT_FALSE(state_.failed);
  }

 private:
  struct State {
    std::atomic<int> rounds{0};
    std::atomic<bool> failed{false};
    std::atomic<bool> stop{false};
  };

  [[noreturn]] void run() {
    while (!state_.stop && !testing::Test::HasFailure()) {
      take_turns();
      ++state_.rounds;
    }
    state_.failed = testing::Test::HasFailure();
    _exit(state_.failed ? 1 : 0);
  }

  static void take_turns() {
    const int fd = dev_open();
    ASSERT_GE(fd, 0);
    const int list = create_list(fd);
    ASSERT_EQ(list, 1);
    Worker worker(fd, list, [fd] {
      for (int i = 0; i < 3; ++i) EXPECT_EQ(yield(fd), 0);
    });
    ASSERT_EQ(worker.entered(), 1) << "it is suspended";
    Thread scheduler([&] {
      become_scheduler(fd, list);
      run_workers(fd, list, 1);
    });
    scheduler.join();
    worker.join();
    EXPECT_EQ(worker.entered(), 0);
    EXPECT_EQ(dev_close(fd), 0);
  }

  State& state_ = shared<State>();
  Victim process_;
};

}  // namespace ums::test
