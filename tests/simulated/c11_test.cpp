// SPDX-License-Identifier: Apache-2.0
//
// C11's threads in a simulation.
#include <gtest/gtest.h>
#include <threads.h>

#include <array>
#include <cstdint>
#include <ctime>

#include "tests/support/expect_right.h"

namespace ums::test {
namespace {

int return_seven(void*) { return 7; }

int exit_with_eight(void*) {
  thrd_yield();
  thrd_exit(8);
}

TEST(C11, ThreadsAreJoinedWithTheirResults) {
  expect_right([] {
    thrd_t returns;
    thrd_t exits;
    ASSERT_EQ(thrd_create(&returns, return_seven, nullptr), thrd_success);
    ASSERT_EQ(thrd_create(&exits, exit_with_eight, nullptr), thrd_success);
    int result = 0;
    EXPECT_EQ(thrd_join(returns, &result), thrd_success);
    EXPECT_EQ(result, 7);
    EXPECT_EQ(thrd_join(exits, &result), thrd_success);
    EXPECT_EQ(result, 8);
  });
}

struct Shared {
  mtx_t mutex;
  cnd_t condition;
  int inside = 0;
  int turn = 0;
};

int take_turn(void* argument) {
  auto& shared = *static_cast<Shared*>(argument);
  EXPECT_EQ(mtx_lock(&shared.mutex), thrd_success);
  EXPECT_EQ(++shared.inside, 1);
  thrd_yield();
  --shared.inside;
  ++shared.turn;
  EXPECT_EQ(cnd_broadcast(&shared.condition), thrd_success);
  while (shared.turn < 3) EXPECT_EQ(cnd_wait(&shared.condition, &shared.mutex), thrd_success);
  EXPECT_EQ(mtx_unlock(&shared.mutex), thrd_success);
  return 0;
}

TEST(C11, MutexesAndConditions) {
  expect_right([] {
    Shared shared;
    ASSERT_EQ(mtx_init(&shared.mutex, mtx_plain), thrd_success);
    ASSERT_EQ(cnd_init(&shared.condition), thrd_success);
    std::array<thrd_t, 3> threads;
    for (thrd_t& each : threads) ASSERT_EQ(thrd_create(&each, take_turn, &shared), thrd_success);
    for (const thrd_t each : threads) EXPECT_EQ(thrd_join(each, nullptr), thrd_success);
    cnd_destroy(&shared.condition);
    mtx_destroy(&shared.mutex);
  });
}

int fail_to_lock(void* argument) {
  auto* const mutex = static_cast<mtx_t*>(argument);
  EXPECT_EQ(mtx_trylock(mutex), thrd_busy);
  timespec then{};
  timespec_get(&then, TIME_UTC);
  then.tv_sec += 3600;
  EXPECT_EQ(mtx_timedlock(mutex, &then), thrd_timedout);
  return 0;
}

TEST(C11, LimitsAreInVirtualTime) {
  const std::time_t begin = std::time(nullptr);
  expect_right([] {
    mtx_t mutex;
    ASSERT_EQ(mtx_init(&mutex, mtx_timed), thrd_success);
    EXPECT_EQ(mtx_lock(&mutex), thrd_success);
    thrd_t thread;
    ASSERT_EQ(thrd_create(&thread, fail_to_lock, &mutex), thrd_success);
    EXPECT_EQ(thrd_join(thread, nullptr), thrd_success);
    const timespec hour = {3600, 0};
    EXPECT_EQ(thrd_sleep(&hour, nullptr), 0);
    mtx_destroy(&mutex);
  });
  EXPECT_LT(std::time(nullptr) - begin, 3600) << "real time";
}

int calls;

int call(void* flag) {
  call_once(static_cast<once_flag*>(flag), [] {
    thrd_yield();
    ++calls;
  });
  EXPECT_EQ(calls, 1);
  return 0;
}

TEST(C11, CallOnce) {
  expect_right([] {
    once_flag flag = ONCE_FLAG_INIT;
    calls = 0;
    std::array<thrd_t, 2> threads;
    for (thrd_t& each : threads) ASSERT_EQ(thrd_create(&each, call, &flag), thrd_success);
    for (const thrd_t each : threads) EXPECT_EQ(thrd_join(each, nullptr), thrd_success);
  });
}

}  // namespace
}  // namespace ums::test
