// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/mm/slab.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "sim_kernel/fiber/continuation.h"
#include "sim_kernel/mm/fault_inject.h"
#include "support/emulator.h"

namespace {

using namespace ums::kernel;

constexpr bool kSanitized = UMS_SANITIZE_ADDRESS || UMS_SANITIZE_THREAD;

std::uintptr_t number(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

TEST(Slab, ObjectsAreAlignedAndApart) {
  static constinit SlabCache cache{"apart", 100, 64};
  std::set<std::uintptr_t> objects;
  for (int i = 0; i < 10'000; ++i) {  // several regions
    void* const object = cache.alloc();
    ASSERT_NE(object, nullptr);
    EXPECT_EQ(number(object) % 64, 0U);
    std::memset(object, i, 100);
    objects.insert(number(object));
  }
  EXPECT_EQ(objects.size(), 10'000U);
  EXPECT_EQ(cache.live(), 10'000U);
  std::uintptr_t end = 0;
  for (const std::uintptr_t object : objects) {
    EXPECT_GE(object, end);
    end = object + 100;
    cache.free(reinterpret_cast<void*>(object));
  }
  EXPECT_EQ(cache.live(), 0U);
}

TEST(Slab, FreedMemoryIsUsedAgain) {
  static constinit SlabCache cache{"again", 64, 64};
  void* const first = cache.alloc();
  void* const second = cache.alloc();
  cache.free(first);
  EXPECT_EQ(cache.alloc(), first);
  cache.free(second);
  cache.free(first);
}

TEST(Slab, TypesafeObjectsStayAsTheyWere) {
  static constinit SlabCache cache{"typesafe", 32, 8, SlabFlags::kTypesafeByRcu};
  auto* const object = static_cast<char*>(cache.alloc());
  std::memset(object, 'x', 32);
  cache.free(object);
  for (int i = 0; i < 32; ++i) EXPECT_EQ(object[i], 'x');
  EXPECT_EQ(cache.alloc(), object);
  for (int i = 0; i < 32; ++i) EXPECT_EQ(object[i], 'x');
  cache.free(object);
}

TEST(Slab, FaultInjectionIsNoMemory) {
  static constinit SlabCache cache{"faulty", 32, 8};
  fault_inject_fail_nth(2);
  void* const object = cache.alloc();
  EXPECT_NE(object, nullptr);
  EXPECT_EQ(cache.alloc(), nullptr);
  EXPECT_TRUE(fault_inject_disarm());
  EXPECT_EQ(cache.live(), 1U);
  cache.free(object);
}

TEST(Slab, NoMemoryIsNull) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need address space of their own";
  SKIP_UNDER_EMULATOR("it ignores RLIMIT_AS");
  static constinit SlabCache cache{"full", 8192, 8};
  rlimit old{};
  getrlimit(RLIMIT_AS, &old);
  void* const first = cache.alloc();
  const rlimit none = {1, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_AS, &none), 0);
  std::vector<void*> objects;
  objects.reserve(16);
  while (objects.size() < 16) {
    void* const object = cache.alloc();
    if (object == nullptr) break;
    objects.push_back(object);
  }
  setrlimit(RLIMIT_AS, &old);
  EXPECT_LT(objects.size(), 16U);
  void* const after = cache.alloc();
  EXPECT_NE(after, nullptr) << "memory came back";
  cache.free(after);
  cache.free(first);
  for (void* object : objects) cache.free(object);
}

TEST(Slab, AForkedChildHasEveryObjectOnce) {
  static constinit SlabCache cache{"forked", 64, 64};
  void* const kept = cache.alloc();
  std::atomic<bool> enough{false};
  std::thread busy([&] {  // is in the middle of something, now and then, when fork happens
    while (!enough.load()) {
      void* const one = cache.alloc();
      void* const two = cache.alloc();
      cache.free(one);
      cache.free(two);
    }
  });
  for (int round = 0; round < 30; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      slab_reset_after_fork();
      std::set<void*> objects{kept};
      for (int i = 0; i < 2'000; ++i) {
        if (!objects.insert(cache.alloc()).second) _exit(1);
      }
      for (void* object : objects) cache.free(object);
      _exit(cache.live() <= 2 ? 0 : 2);  // what the other thread held is nobody's
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << "exit status " << WEXITSTATUS(status);
  }
  enough.store(true);
  busy.join();
  cache.free(kept);
}

TEST(Slab, AfterForkTheSlotsSayWhatIsFree) {
  static constinit SlabCache cache{"slots", 64, 64};
  void* const low = cache.alloc();
  void* const live = cache.alloc();
  void* const high = cache.alloc();
  ASSERT_LT(number(low), number(high));
  cache.free(low);
  cache.free(high);
  slab_reset_after_fork();
  EXPECT_EQ(cache.live(), 1U);
  EXPECT_EQ(cache.alloc(), low) << "found from the lowest on; the old list began with the highest";
  EXPECT_EQ(cache.alloc(), high);
  for (void* object : {low, live, high}) cache.free(object);
  EXPECT_EQ(cache.live(), 0U);
}

struct Counted {
  explicit Counted(int start) noexcept : value(start) { ++alive; }
  ~Counted() { --alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  static inline int alive = 0;
  int value;
};

TEST(ObjectCache, ConstructsAndDestroys) {
  static constinit ObjectCache<Counted> cache{"counted"};
  Counted* const object = cache.create(42);
  ASSERT_NE(object, nullptr);
  EXPECT_EQ(object->value, 42);
  EXPECT_EQ(Counted::alive, 1);
  EXPECT_EQ(cache.live(), 1U);
  cache.destroy(object);
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(cache.live(), 0U);
  fault_inject_fail_nth(1);
  EXPECT_EQ(cache.create(1), nullptr);
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_TRUE(fault_inject_disarm());
}

// ---- on a park stack

struct SmallStack {
  static constexpr std::size_t kBytes = 8192;
  static constexpr unsigned char kPaint = 0xa5;
  static inline constinit SlabCache cache{"small_stack", 64, 64};

  alignas(256) unsigned char bytes[kBytes];
  unsigned char* at_start;

  // How many bytes below `at_start` were written.
  std::size_t used() const {
    const unsigned char* lowest = bytes;
    while (*lowest == kPaint) ++lowest;
    return static_cast<std::size_t>(at_start - lowest);
  }
};

void alloc_and_free(Continuation from, void* argument) {
  auto& stack = *static_cast<SmallStack*>(argument);
  stack.at_start = static_cast<unsigned char*>(__builtin_frame_address(0));
  SmallStack::cache.free(SmallStack::cache.alloc());  // makes the first region
  std::move(from).resume();
  __builtin_unreachable();
}

TEST(Slab, NeedsLittleStack) {
  if (UMS_LOCK_DEBUG) GTEST_SKIP() << "promised for release builds";
  static SmallStack stack;
  std::memset(stack.bytes, SmallStack::kPaint, sizeof stack.bytes);
  Continuation::on_stack(stack.bytes, sizeof stack.bytes, alloc_and_free, &stack).resume();
  EXPECT_LT(stack.used(), 300U + 64U) << "64 for the frame of the function that measures";
  EXPECT_GT(stack.used(), 32U) << "it ran elsewhere";
}

// ---- what a wrong free does

TEST(SlabDeathTest, DoubleFree) {
  static constinit SlabCache cache{"twice", 32, 8};
  void* const object = cache.alloc();
  cache.free(object);
  EXPECT_EXIT(cache.free(object), testing::KilledBySignal(SIGABRT), "double-free in cache twice");
}

TEST(SlabDeathTest, ForeignPointer) {
  static constinit SlabCache cache{"mine", 32, 8};
  static constinit SlabCache theirs{"theirs", 32, 8};
  int local = 0;
  EXPECT_EXIT(cache.free(&local), testing::KilledBySignal(SIGABRT), "invalid-free in cache mine");
  char* const object = static_cast<char*>(cache.alloc());
  void* const other = theirs.alloc();
  EXPECT_EXIT(cache.free(other), testing::KilledBySignal(SIGABRT), "cache mine: .* not its object");
  EXPECT_EXIT(cache.free(object + 8), testing::KilledBySignal(SIGABRT), "points into an object");
  constexpr std::size_t kSlotBytes = UMS_SANITIZE_ADDRESS ? 48 : 32;
  EXPECT_EXIT(cache.free(object + 2 * kSlotBytes), testing::KilledBySignal(SIGABRT),
              "double-free");  // one that was never given out
  cache.free(object);
  theirs.free(other);
}

TEST(SlabDeathTest, WriteToAFreeObject) {
  if (!UMS_LOCK_DEBUG) GTEST_SKIP() << "checked in debug and sanitizer builds";
  static constinit SlabCache cache{"stale", 32, 8};
  auto* const object = static_cast<volatile char*>(cache.alloc());
  cache.free(const_cast<char*>(object));
  EXPECT_DEATH(
      {
        object[5] = 1;
        static_cast<void>(cache.alloc());
      },
      UMS_SANITIZE_ADDRESS ? "use-after-poison" : "use-after-free in cache stale: .* offset 5 is");
}

TEST(SlabDeathTest, WritePastAnObject) {
  if (!UMS_SANITIZE_ADDRESS) GTEST_SKIP() << "AddressSanitizer only";
  static constinit SlabCache cache{"past", 24, 8};
  auto* const object = static_cast<volatile char*>(cache.alloc());
  EXPECT_DEATH(object[24] = 1, "use-after-poison");
  cache.free(const_cast<char*>(object));
}

}  // namespace
