// SPDX-License-Identifier: Apache-2.0
//
// Data races are found in any order of the steps, with both places.
#include "instrumented/races.h"

#include <gtest/gtest.h>

#include <vector>

#include "instrumented/steps.h"
#include "sim_kernel/mm/fault_inject.h"

namespace ums::test {
namespace {

using kernel::AccessKind;
using kernel::RaceReport;
using kernel::RacingAccess;

// The functions are short.
bool is_inside(const void* pc, std::uintptr_t function) {
  const std::uintptr_t distance = reinterpret_cast<std::uintptr_t>(pc) - function;
  return distance > 0 && distance < 64;
}

bool is_inside(const void* pc, void (*function)(int*)) {
  return is_inside(pc, reinterpret_cast<std::uintptr_t>(function));
}

void expect_increment(const RacingAccess& access, const int* count) {
  EXPECT_EQ(access.address, count);
  EXPECT_EQ(access.bytes, sizeof *count);
  ASSERT_GE(access.depth, 2U);
  EXPECT_TRUE(is_inside(access.frames[0], increment));
  EXPECT_TRUE(is_inside(access.frames[1], increment_in_call));
  for (const void* const frame : access.stack().subspan(2)) {
    EXPECT_FALSE(is_inside(frame, increment_in_call)) << "a call that has returned";
  }
}

TEST_F(Races, BothStacksAreReported) {
  alignas(8) int count = 0;
  const auto count_twice = [&] {
    increment_in_call(&count);
    increment_in_call(&count);
  };
  expect_race([&] { run_two(count_twice, count_twice); });
  for (const RaceReport& race : races) {
    expect_increment(race.now, &count);
    expect_increment(race.before, &count);
    EXPECT_NE(race.now.task, race.before.task);
    EXPECT_TRUE(race.now.kind == AccessKind::kWrite || race.before.kind == AccessKind::kWrite);
  }
}

TEST_F(Races, EachStackIsItsOwn) {
  int value = 0;
  expect_race([&] { run_two([&] { read_int(&value); }, [&] { write_int(&value, 1); }); });
  const auto reader = reinterpret_cast<std::uintptr_t>(read_int);
  const auto writer = reinterpret_cast<std::uintptr_t>(write_int);
  for (const RaceReport& race : races) {
    for (const RacingAccess& access : {race.now, race.before}) {
      EXPECT_TRUE(is_inside(access.frames[0], access.kind == AccessKind::kRead ? reader : writer));
    }
  }
}

TEST_F(Races, PairOfPlacesIsReportedOnce) {
  int numbers[100] = {};
  const auto write_all = [&] {
    for (int& number : numbers) write_int(&number, 1);
  };
  expect_race([&] { run_two(write_all, write_all); });
  EXPECT_EQ(races.size(), 1U);
}

TEST_F(Races, WriteBeforeARead) {
  int value = 0;
  expect_race([&] {
    const auto write_and_read = [&] {
      write_int(&value, 1);
      read_int(&value);
    };
    after_all_of(write_and_read, [&] { read_int(&value); });
  });
}

TEST_F(Races, PlainBeforeAtomic) {
  int value = 0;
  expect_race([&] {
    const auto write_and_store = [&] {
      write_int(&value, 1);
      store_relaxed(&value, 2);
    };
    after_all_of(write_and_store, [&] { load_relaxed(&value); });
  });
}

TEST_F(Races, CopyOfMany) {
#if defined(__clang_major__) && __clang_major__ < 15
  GTEST_SKIP() << "this compiler leaves large copies to memcpy, without a word";
#endif
  char from[200] = {};
  char to[200] = {};
  expect_race([&] { run_two([&] { copy_bytes(to, from); }, [&] { write_char(&from[60], 1); }); });
}

TEST_F(Races, NeighboursAreNone) {
  alignas(8) char bytes[8] = {};
  expect_none(
      [&] { run_two([&] { write_char(&bytes[2], 1); }, [&] { write_char(&bytes[3], 1); }); });
}

TEST_F(Races, AtomicAndPlain) {
  int value = 0;
  expect_race([&] { run_two([&] { store(&value, 1); }, [&] { read_int(&value); }); });
  expect_none([&] { run_two([&] { store(&value, 1); }, [&] { load(&value); }); });
}

// It is the looking that ends, until the next execution.
TEST_F(Races, WithoutMemoryTheProgramGoesOn) {
  bool failed = true;
  for (unsigned n = 1; failed; ++n) {
    expect_once([n, &failed] {
      constexpr std::size_t kBytes = 1 << 16;
      std::vector<char> many(kBytes);
      int count = 0;
      run_two(
          [&] {
            kernel::fault_inject_fail_nth(n);
            increment_in_call(&count);
            for (std::size_t at = 0; at < kBytes; at += 4096) write_char(&many[at], 1);
            store(&count, read_int(&count) + 1);
            failed = kernel::fault_inject_disarm();
          },
          [] {});
      EXPECT_EQ(count, 2);
    });
    ASSERT_LT(n, 1000U);
  }
  EXPECT_GT(kernel::fault_inject_failures(), 10U);
  int value = 0;
  expect_race([&] { run_two([&] { read_int(&value); }, [&] { write_int(&value, 1); }); });
}

}  // namespace
}  // namespace ums::test
