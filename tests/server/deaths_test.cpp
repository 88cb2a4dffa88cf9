// SPDX-License-Identifier: Apache-2.0
//
// Programs that die in the middle: nothing of them stays in the kernel (served looks), and nobody
// else is harmed.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <memory>
#include <random>
#include <vector>

#include "support/await.h"
#include "support/door.h"
#include "support/seed.h"
#include "support/server/served.h"
#include "support/server/victim.h"
#include "support/thread.h"

namespace ums::test {
namespace {

TEST(Deaths, WorkerInItsList) {
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    Victim dead(([&] { enter_worker(fd, list); }));
    wait_until_suspended(dead.pid());
    Worker alive(fd, list);
    dead.die();
    wait_until([&] { return !task_exists(dead.pid()); });
    become_scheduler(fd, list);
    EXPECT_EQ(take_batch(fd, list), std::vector<pid_t>{alive.tid()});
    EXPECT_EQ(execute(fd, alive.tid()), 0);
  };
  EXPECT_EQ(served(program), 0);
}

// In a batch, behind the first and before the last; and itself the first of one.
TEST(Deaths, WorkersInABatch) {
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    Victim first(([&] { enter_worker(fd, list); }));
    wait_until_suspended(first.pid());
    Victim second(([&] { enter_worker(fd, list); }));
    wait_until_suspended(second.pid());
    Worker last(fd, list);
    become_scheduler(fd, list);
    ASSERT_EQ(dequeue(fd, list), first.pid());
    const pid_t dead = second.pid();
    second.die();
    wait_until([&] { return !task_exists(dead); });
    EXPECT_EQ(next(fd, first.pid()), last.tid());
    const pid_t head = first.pid();
    first.die();
    wait_until([&] { return !task_exists(head); });
    EXPECT_EQ(execute(fd, head), -ESRCH);
    EXPECT_EQ(execute(fd, last.tid()), 0);
    EXPECT_EQ(take_event_type(fd), THREAD_TERMINATED);
  };
  EXPECT_EQ(served(program), 0);
}

// "a worker found dead is ended, its scheduler wakes"
TEST(Deaths, WorkerThatRuns) {
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    Victim worker(([&] { enter_worker(fd, list); }));
    const pid_t head = worker.pid();
    wait_until_suspended(head);
    Thread scheduler([=] {
      become_scheduler(fd, list);
      EXPECT_EQ(dequeue(fd, list), head);
      EXPECT_EQ(execute(fd, head), 0);
      EXPECT_EQ(take_event_type(fd), THREAD_TERMINATED);
    });
    wait_until_executing(scheduler.tid());
    worker.die();
  };
  EXPECT_EQ(served(program), 0);
}

// A scheduler dies in EXEC: its worker goes on, and another scheduler executes it.
TEST(Deaths, SchedulerInExec) {
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    std::atomic<bool> dead{false};
    Worker worker(fd, list, [&] {
      wait_until([&] { return dead.load(); });
      EXPECT_EQ(yield(fd), 0) << "delivers to nobody, and returns when it is executed again";
    });
    Victim scheduler(([&] {
      become_scheduler(fd, list);
      execute(fd, dequeue(fd, list));
    }));
    wait_until_executing(scheduler.pid());
    const pid_t pid = scheduler.pid();
    scheduler.die();
    wait_until([&] { return !task_exists(pid); });
    dead = true;
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
  };
  EXPECT_EQ(served(program), 0);
}

TEST(Deaths, SchedulerInDequeue) {
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    Victim scheduler(([&] {
      become_scheduler(fd, list);
      dequeue(fd, list);
    }));
    wait_until_blocked(scheduler.pid());
    scheduler.die();
    Worker worker(fd, list);
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
  };
  EXPECT_EQ(served(program), 0);
}

// What programs below tell of themselves.
struct Turns {
  std::atomic<int> taken{0};
  std::atomic<int> failed{0};  // calls
};

// Ends the program, but for its death, if a call has not given what it should.
void check_call(Turns& turns, bool succeeded) {
  if (succeeded) return;
  ++turns.failed;
  for (;;) pause();
}

// A whole program of its own: a scheduler and a worker that yield to one another for ever.
void take_turns(Turns& turns) {
  const int fd = dev_open();
  check_call(turns, fd >= 0);
  const int list = create_list(fd);
  Thread worker([&] {
    check_call(turns, enter_worker(fd, list) == 0);
    for (;;) check_call(turns, yield(fd) == 0);
  });
  become_scheduler(fd, list);
  for (;;) {
    for (const pid_t each : take_batch(fd, list)) check_call(turns, execute(fd, each) == 0);
    check_call(turns, take_event_type(fd) == THREAD_YIELD);
    ++turns.taken;
  }
}

// Each second one is in the middle of its turns for sure.
TEST(Deaths, AtAnyMoment) {
  const auto program = [] {
    Turns& turns = shared<Turns>();
    std::mt19937_64 random(test_seed());
    std::uniform_int_distribution<int> instant(0, 3000);
    for (int i = 0; i < 1000; ++i) {
      const int before = turns.taken;
      Victim victim([&] { take_turns(turns); });
      if (i % 2 == 0) wait_until([&] { return turns.taken > before || turns.failed > 0; });
      usleep(static_cast<useconds_t>(instant(random)));  // any moment will do
      victim.die();
    }
    EXPECT_EQ(turns.failed, 0);
  };
  EXPECT_EQ(served(program), 0);
}

TEST(Deaths, TwoHundredClientsAtOnce) {
  const auto program = [] {
    auto& turns = shared<std::array<Turns, 200>>();
    std::vector<std::unique_ptr<Victim>> victims;
    for (Turns& own : turns) {
      victims.push_back(std::make_unique<Victim>([&own] { take_turns(own); }));
    }
    const int fd = dev_open();
    const int list = create_list(fd);
    Worker worker(fd, list, [fd] {
      for (int i = 0; i < 100; ++i) EXPECT_EQ(yield(fd), 0);
    });
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
    for (const Turns& each : turns) {
      wait_until([&] { return each.taken > 0 || each.failed > 0; });
      EXPECT_EQ(each.failed, 0);
    }
  };
  EXPECT_EQ(served(program), 0);
}

}  // namespace
}  // namespace ums::test
