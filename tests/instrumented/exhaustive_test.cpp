// SPDX-License-Identifier: Apache-2.0
//
// Accesses of memory are steps: as many interleavings as counted by hand, with all their outcomes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "instrumented/steps.h"
#include "instrumented/two_threads.h"
#include "sim_kernel/simulated/busy_loop.h"
#include "sim_kernel/simulated/races/race_report.h"

namespace ums::test {
namespace {

using explore::ExhaustiveStrategy;
using explore::Exploration;
using explore::run_many;
using testing::ElementsAre;

constexpr int kNoBound = 1'000'000;
constexpr std::uint64_t kMany = 1'000'000;

// These tests are about steps; races_test.cpp is about races.
class InstrumentedExhaustive : public testing::Test {
 protected:
  InstrumentedExhaustive() {
    kernel::on_race = [](const kernel::RaceReport&) noexcept {};
  }
  ~InstrumentedExhaustive() override { kernel::on_race = kernel::print_race; }
};

// Each thread begins, reads and writes.
TEST_F(InstrumentedExhaustive, IncrementsInterleaveAsCountedByHand) {
  ExhaustiveStrategy strategy(kNoBound);
  std::multiset<int> counts;
  const Exploration all = run_many(strategy, kMany, [&] {
    int count = 0;
    run_two([&] { increment(&count); }, [&] { increment(&count); });
    counts.insert(count);
    return true;
  });
  EXPECT_EQ(all.executions, (ByHand{3, 3}.count(0, 0, 0)));
  EXPECT_FALSE(strategy.has_strayed());
  EXPECT_GT(counts.count(1), 0U);
  EXPECT_EQ(counts.count(1) + counts.count(2), all.executions);
}

// R1 W1 R2 W2, its mirror image, and two writes in either order after both reads.
TEST_F(InstrumentedExhaustive, LostUpdateIsHalfOfWhatCanBeToldApart) {
  const auto counts = outcomes_of([] {
    int count = 0;
    run_two([&] { increment(&count); }, [&] { increment(&count); });
    return count;
  });
  EXPECT_THAT(counts, ElementsAre(1, 1, 2, 2));
}

TEST_F(InstrumentedExhaustive, LostUpdateFailsARun) {
  ExhaustiveStrategy strategy;
  const Exploration found = run_many(strategy, kMany, [] {
    int count = 0;
    run_two([&] { increment(&count); }, [&] { increment(&count); });
    return count == 2;
  });
  EXPECT_EQ(found.verdict, explore::Verdict::kFailed);
}

// Of four orders of two pairs one would be a circle.
TEST_F(InstrumentedExhaustive, StoreBufferingNeverSeesTwoOldValues) {
  const auto seen = outcomes_of([] {
    alignas(8) int x = 0;
    alignas(8) int y = 0;
    std::string both = "  ";
    run_two(
        [&] {
          store(&x, 1);
          both[0] = static_cast<char>('0' + load(&y));
        },
        [&] {
          store(&y, 1);
          both[1] = static_cast<char>('0' + load(&x));
        });
    return both;
  });
  EXPECT_THAT(seen, ElementsAre("01", "10", "11"));
}

TEST_F(InstrumentedExhaustive, AtomicUpdatesAreOneStep) {
  const auto counts = outcomes_of([] {
    int count = 0;
    run_two([&] { add_relaxed(&count, 1); }, [&] { add_relaxed(&count, 1); });
    return count;
  });
  EXPECT_THAT(counts, ElementsAre(2, 2)) << "two orders, and nothing is lost";
}

TEST_F(InstrumentedExhaustive, ReadsDoNotConflict) {
  const auto sums = outcomes_of([] {
    int value = 3;
    int found[2] = {};
    run_two([&] { found[0] = read_int(&value); }, [&] { found[1] = read_int(&value); });
    return found[0] + found[1];
  });
  EXPECT_THAT(sums, ElementsAre(6));
}

// Who writes one byte meets who reads four.
TEST_F(InstrumentedExhaustive, PartsConflictWithTheWhole) {
  const auto seen = outcomes_of([] {
    alignas(8) int value = 0;
    int found = 0;
    run_two([&] { write_char(reinterpret_cast<char*>(&value) + 1, 1); },
            [&] { found = read_int(&value); });
    return found != 0;
  });
  EXPECT_THAT(seen, ElementsAre(false, true));
}

// Who waits reads no flag, or one old one, and then only when it is written.
TEST_F(InstrumentedExhaustive, BusyLoopIsFinite) {
  kernel::busy_loop_patience = 1;
  const auto seen = outcomes_of([] {
    alignas(8) int flag = 0;
    alignas(8) int data = 0;
    int read = 0;
    run_two(
        [&] {
          write_int(&data, 1);
          store_release(&flag, 1);
        },
        [&] {
          wait_for(&flag);
          read = read_int(&data);
        });
    return read;
  });
  kernel::busy_loop_patience = kernel::kBusyLoopPatience;
  EXPECT_THAT(seen, ElementsAre(1, 1, 1)) << "after none, one or two reads that find 0";
}

// What is read by who has waited for a flag that is set before the writer's last step: so whether
// he goes on when there is something new, and not only when the writer has ended.
std::multiset<int> outcomes_of_waiting(void (*wait)(int* flag)) {
  kernel::busy_loop_patience = 1;
  const auto seen = outcomes_of([wait] {
    alignas(8) int flag = 0;
    alignas(8) int data = 0;
    int read = 0;
    run_two(
        [&] {
          store(&flag, 1);
          write_int(&data, 1);
        },
        [&] {
          wait(&flag);
          read = read_int(&data);
        });
    return read;
  });
  kernel::busy_loop_patience = kernel::kBusyLoopPatience;
  return seen;
}

TEST_F(InstrumentedExhaustive, BusyLoopEndsAtTheWrite) {
  EXPECT_THAT(outcomes_of_waiting([](int* flag) { wait_for(flag); }),
              ElementsAre(0, 0, 0, 1, 1, 1));
}

// He looks at two places in turn, and the flag is set while he looks at the other.
TEST_F(InstrumentedExhaustive, BusyLoopSeesWhatIsNewElsewhere) {
  const auto wait = [](int* flag) {
    alignas(8) int other = 0;
    while (load(flag) == 0) load(&other);
  };
  EXPECT_THAT(outcomes_of_waiting(wait), ElementsAre(0, 0, 0, 1, 1, 1))
      << "after none, one or two reads that find 0";
}

TEST_F(InstrumentedExhaustive, WideAtomics) {
  alignas(16) std::uint64_t wide[2] = {~0ULL, 0};
  const auto carries = outcomes_of([&] {
    wide[0] = ~std::uint64_t{0};
    wide[1] = 0;
    run_two([&] { add_wide(wide); }, [&] { add_wide(wide); });
    return wide[0] * 10 + wide[1];
  });
  EXPECT_THAT(carries, ElementsAre(13U, 13U));
}

}  // namespace
}  // namespace ums::test
