// SPDX-License-Identifier: Apache-2.0
//
// Linux gives thread and process ids anew once it has gone through all of them: who gets one has
// nothing of who had it.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <thread>

#include "support/await.h"
#include "support/server/served.h"
#include "support/server/victim.h"
#include "support/thread.h"

namespace ums::test {
namespace {

constexpr int kMargin = 200;  // ids that other programs may take on the way
constexpr int kTries = 3;

int ids_of_linux() {
  std::FILE* const file = std::fopen("/proc/sys/kernel/pid_max", "r");
  int most = 0;
  EXPECT_EQ(std::fscanf(file, "%d", &most), 1);
  std::fclose(file);
  return most;
}

pid_t use_up_an_id() {
  pid_t id = 0;
  std::thread([&id] { id = gettid(); }).join();
  return id;
}

// Uses up ids until the next ones are a few below `wanted`.
void approach(pid_t wanted) {
  pid_t id = 0;
  do {
    id = use_up_an_id();
  } while (id >= wanted || id < wanted - kMargin);
}

// Calls `make` until what it makes has the id `wanted`. Null: another program has got it each time.
template <typename Make, typename IdOf>
auto make_with(pid_t wanted, Make make, IdOf id_of) {
  for (int tries = 0; tries < kTries; ++tries) {
    approach(wanted);
    pid_t id = 0;
    do {
      auto made = make();
      id = id_of(*made);
      if (id == wanted) return made;
    } while (id < wanted);
  }
  return decltype(make()){};
}

// Of a thread that ended as a scheduler, and of a process that was killed as a worker.
TEST(ReusedIds, ComeWithoutRoles) {
  if (ids_of_linux() > 65536) GTEST_SKIP() << "Linux has " << ids_of_linux() << " ids";
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    pid_t scheduler = 0;
    pid_t worker = 0;
    {
      Thread thread([&] { become_scheduler(fd, list); });
      scheduler = thread.tid();
      Victim process([&] { enter_worker(fd, list); });
      worker = process.pid();
      wait_until_suspended(worker);
    }
    const auto make_thread = [&] {
      return std::make_unique<Thread>([&, scheduler] {
        if (gettid() != scheduler) return;
        EXPECT_EQ(dequeue(fd, list), -ESRCH);
        become_scheduler(fd, list);
      });
    };
    const auto thread =
        make_with(scheduler, make_thread, [](const Thread& made) { return made.tid(); });
    EXPECT_NE(thread, nullptr) << "other programs took the id each time";

    const auto make_process = [&] {
      return std::make_unique<Victim>([&, worker] {
        if (getpid() != worker) return;
        EXPECT_EQ(yield(fd), -ESRCH);
        EXPECT_EQ(enter_worker(fd, list), 0);
        EXPECT_EQ(exit_worker(fd), 0);
        _exit(testing::Test::HasFailure() ? 1 : 0);
      });
    };
    const auto process =
        make_with(worker, make_process, [](const Victim& made) { return made.pid(); });
    ASSERT_NE(process, nullptr) << "other programs took the id each time";
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
    EXPECT_EQ(process->wait(), 0);
  };
  EXPECT_EQ(served(program), 0);
}

}  // namespace
}  // namespace ums::test
