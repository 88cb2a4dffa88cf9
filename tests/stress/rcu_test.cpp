// SPDX-License-Identifier: Apache-2.0
//
// Torture, as rcutorture does it: readers look at the current element, dawdle, and note how many
// grace periods have passed since it was replaced. 0 and 1 are right: it is the current one, or it
// was replaced while they read it, and the period that began then is not over. Anything more is a
// grace period that did not wait for a reader.
#include <gtest/gtest.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <random>
#include <string>

#include "sim_kernel/sync/cpu_relax.h"
#include "sim_kernel/sync/rcu.h"
#include "support/seed.h"
#include "support/threads.h"

namespace ums::kernel {
namespace {

constexpr int kAges = 10;  // an element is freed when it is this old
constexpr int kReaders = 4;
constexpr int kWriters = 2;
constexpr int kReplacements = UMS_SANITIZE_THREAD ? 500 : 2000;

struct Element : RcuHead {
  std::atomic<int> age{0};  // grace periods, counted from 1 when it was replaced
  int payload = 42;         // plain, and gone with the element: the sanitizers watch it
};

struct Torture {
  std::atomic<Element*> current{new Element};
  std::atomic<int> writers_left{kWriters};
  std::array<std::atomic<long>, kAges + 1> reads{};  // by age
  std::atomic<long> wrong_payloads{0};

  // Puts a new element in the place of the current one, which it returns, aged 1.
  Element* replace() {
    Element* const old = current.exchange(new Element, std::memory_order_acq_rel);
    old->age.store(1, std::memory_order_relaxed);
    return old;
  }

  static void grow_old(RcuHead* head) {
    auto* const element = static_cast<Element*>(head);
    if (element->age.fetch_add(1, std::memory_order_relaxed) < kAges - 1) {
      call_rcu(element, grow_old);
    } else {
      delete element;
    }
  }

  void write_by_call_rcu(std::mt19937_64& random) {
    for (int i = 0; i < kReplacements; ++i) {
      call_rcu(replace(), grow_old);
      if (random() % 4 == 0) rcu_do_callbacks();
    }
    for (int i = 0; i < kAges; ++i) rcu_barrier();
  }

  void write_by_synchronize(std::mt19937_64& random) {
    for (int i = 0; i < kReplacements / kAges; ++i) {
      Element* const old = replace();
      for (int age = 1; age < kAges; ++age) {
        synchronize_rcu();
        old->age.fetch_add(1, std::memory_order_relaxed);
      }
      delete old;
      if (random() % 4 == 0) sched_yield();
    }
  }

  // A section, sometimes nested in another, in which the reader may lose its processor.
  void read(std::mt19937_64& random) {
    RcuReadGuard guard;
    if (random() % 8 == 0) read(random);
    Element* const element = rcu_dereference(current);
    dawdle(random);
    if (element->payload != 42) ++wrong_payloads;
    const int age = element->age.load(std::memory_order_relaxed);
    ++reads[static_cast<std::size_t>(age)];
  }

  static void dawdle(std::mt19937_64& random) {
    const auto choice = random() % 64;
    if (choice == 0) {
      sched_yield();
    } else {
      for (std::uint64_t i = 0; i < choice; ++i) cpu_relax();
    }
  }

  void run(int thread, std::uint64_t seed) {
    std::mt19937_64 random(seed + static_cast<std::uint64_t>(thread));
    if (thread == 0) write_by_call_rcu(random);
    if (thread == 1) write_by_synchronize(random);
    if (thread < kWriters) {
      --writers_left;
      return;
    }
    while (writers_left.load() != 0) {
      read(random);
      if (random() % 16 == 0) dawdle(random);
    }
  }
};

TEST(RcuStressTest, ReadersNeverSeeAnOldElement) {
  const std::uint64_t seed = test::test_seed();
  Torture torture;
  test::run_threads(kWriters + kReaders, [&](int thread) { torture.run(thread, seed); });
  for (int i = 0; i < kAges; ++i) rcu_barrier();
  delete torture.current.load();

  std::string ages;
  for (const auto& count : torture.reads) ages += " " + std::to_string(count);
  RecordProperty("reads_by_age", ages);
  for (std::size_t age = 2; age < torture.reads.size(); ++age) {
    EXPECT_EQ(torture.reads[age], 0) << "reads by age:" << ages;
  }
  EXPECT_GT(torture.reads[0], 0);
  EXPECT_GT(torture.reads[1], 0) << "no element was replaced under a reader:" << ages;
  EXPECT_EQ(torture.wrong_payloads, 0);
}

}  // namespace
}  // namespace ums::kernel
