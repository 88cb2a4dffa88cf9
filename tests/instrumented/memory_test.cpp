// SPDX-License-Identifier: Apache-2.0
//
// Memory and stacks that change hands: no race with who had them before, but one with who frees
// them too early.
#include <gtest/gtest.h>
#include <semaphore.h>

#include <cstdlib>
#include <mutex>
#include <new>
#include <thread>

#include "instrumented/races.h"
#include "instrumented/steps.h"
#include "support/emulator.h"

namespace ums::test {
namespace {

using kernel::AccessKind;
using kernel::RaceReport;

using Memory = Races;

// Each thread has memory of its own, one after the other the same.
TEST_F(Memory, MemoryThatIsReused) {
  const auto use = [] {
    int* const mine = new int(0);
    write_int(mine, 1);
    delete mine;
  };
  expect_none([&] { run_two(use, use); });
  expect_none([&] {
    std::thread a(use);
    use();
    a.join();
  });
}

TEST_F(Memory, MemoryThatIsReusedAfterRealloc) {
  const auto use = [] {
    auto* mine = static_cast<int*>(std::malloc(64));
    write_int(mine, 1);
    mine = static_cast<int*>(std::realloc(mine, 4096));
    ASSERT_NE(mine, nullptr);
    write_int(mine, 1);
    std::free(mine);
  };
  expect_none([&] { run_two(use, use); });
}

// A lock in memory that was another one's orders nothing that was done under that.
TEST_F(Memory, LockInMemoryThatIsReused) {
  SKIP_UNDER_EMULATOR("its mmap(2) goes on from one place to the next");
  int value = 0;
  int reused = 0;
  const auto under_lock_of_its_own = [&](std::uintptr_t& where) {
    constexpr std::size_t kMapped = 1 << 26;  // mapped: the next one takes the same place
    auto* const memory = static_cast<char*>(std::malloc(kMapped));
    where = reinterpret_cast<std::uintptr_t>(memory);
    auto* const mutex = new (memory + 64) std::mutex;
    mutex->lock();
    increment(&value);
    mutex->unlock();
    std::free(memory);
  };
  expect_race([&] {
    std::uintptr_t where[2] = {};
    after_all_of([&] { under_lock_of_its_own(where[0]); },
                 [&] { under_lock_of_its_own(where[1]); });
    if (where[0] == where[1]) ++reused;
  });
  EXPECT_GT(reused, 0);
}

// Threads that nobody has joined: the next one gets the stack of one that has ended.
TEST_F(Memory, StackThatIsReused) {
  expect_none([] {
    sem_t ended;
    sem_init(&ended, 0, 0);
    for (int i = 0; i < 4; ++i) {
      std::thread([&] {
        int local = 0;
        increment(&local);
        sem_post(&ended);
      }).detach();
    }
    for (int i = 0; i < 4; ++i) sem_wait(&ended);
  });
}

TEST_F(Memory, FreeingWhatIsInUse) {
  expect_race([] {
    int* const shared = new int(0);
    after_all_of([=] { read_int(shared); }, [=] { delete shared; });
  });
  for (const RaceReport& race : races) EXPECT_EQ(race.now.kind, AccessKind::kFree);
}

}  // namespace
}  // namespace ums::test
