// SPDX-License-Identifier: Apache-2.0
//
// ums_pthread_create: its errors, and the thread that it makes.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <ums.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "sim_kernel/base/printk.h"
#include "support/libums_fixture.h"

namespace {

using ums::kernel::LogLevel;
using ums::kernel::LogRecord;
using ums::kernel::printk_copy;
using ums::kernel::printk_next_sequence;
using ums::test::kNoList;
using ums::test::Libums;

void* return_argument(void* argument) { return argument; }

TEST_F(Libums, CreateWorkerErrors) {
  pthread_t thread;
  ums_attr_t attr{list_, nullptr};
  EXPECT_FAILS(ums_pthread_create(&thread, nullptr, return_argument, nullptr), EFAULT);
  EXPECT_FAILS(ums_pthread_create(&thread, &attr, nullptr, nullptr), EFAULT);
}

TEST_F(Libums, CreateWorkerReturnsWhatPthreadCreateReturns) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, std::size_t{1} << 47), 0);
  pthread_t thread;
  ums_attr_t attr{list_, &attributes};
  errno = 0;
  EXPECT_EQ(ums_pthread_create(&thread, &attr, return_argument, nullptr), EAGAIN);
  pthread_attr_destroy(&attributes);
}

TEST_F(Libums, AWorkerOfAnUnknownListEnds) {
  pthread_t thread;
  ums_attr_t attr{kNoList, nullptr};
  bool called = false;
  const auto note = [](void* flag) -> void* {
    *static_cast<bool*>(flag) = true;
    return flag;
  };
  ASSERT_EQ(ums_pthread_create(&thread, &attr, note, &called), 0);
  void* result = &called;
  EXPECT_EQ(pthread_join(thread, &result), 0);
  EXPECT_EQ(result, nullptr);
  EXPECT_FALSE(called);
}

TEST_F(Libums, AWorkerThatCannotEnterSaysSo) {
  const std::uint64_t first = printk_next_sequence();
  pthread_t thread;
  ums_attr_t attr{kNoList, nullptr};
  ASSERT_EQ(ums_pthread_create(&thread, &attr, return_argument, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  LogRecord record;
  ASSERT_TRUE(printk_copy(first, record));
  EXPECT_EQ(record.level, LogLevel::kWarning);
  EXPECT_EQ(record.text(),
            "a worker ended without a call of its function: it could not enter list 4711: Invalid "
            "argument");
}

struct StackOf {
  char* low = nullptr;
  std::size_t bytes = 0;
  std::size_t guard = 0;
  int detached = -1;
};

void* describe_stack(void* argument) {
  auto& stack = *static_cast<StackOf*>(argument);
  pthread_attr_t attributes;
  EXPECT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
  void* low = nullptr;
  pthread_attr_getstack(&attributes, &low, &stack.bytes);
  pthread_attr_getguardsize(&attributes, &stack.guard);
  pthread_attr_getdetachstate(&attributes, &stack.detached);
  pthread_attr_destroy(&attributes);
  stack.low = static_cast<char*>(low);
  return argument;
}

std::size_t default_stack_bytes() {
  pthread_attr_t attributes;
  std::size_t bytes = 0;
  pthread_getattr_default_np(&attributes);
  pthread_attr_getstacksize(&attributes, &bytes);
  pthread_attr_destroy(&attributes);
  return bytes;
}

TEST_F(Libums, WorkersGetTheDefaultStackAndALittleMore) {
  for (int i = 0; i < 130; ++i) {
    StackOf stack;
    EXPECT_EQ(run_and_join(create(nullptr, describe_stack, &stack)), &stack);
    EXPECT_GE(stack.bytes, default_stack_bytes());
    EXPECT_EQ(stack.detached, PTHREAD_CREATE_JOINABLE);
  }
}

TEST_F(Libums, StacksOfWorkersThatLiveTogetherAreColoured) {
  constexpr int kWorkers = 64;
  StackOf stacks[kWorkers];
  pthread_t workers[kWorkers];
  for (int i = 0; i < kWorkers; ++i) workers[i] = create(nullptr, describe_stack, &stacks[i]);
  run_workers(kWorkers);
  std::vector<std::uintptr_t> offsets;
  for (int i = 0; i < kWorkers; ++i) {
    EXPECT_EQ(pthread_join(workers[i], nullptr), 0);
    offsets.push_back(reinterpret_cast<std::uintptr_t>(stacks[i].low + stacks[i].bytes) % 4096);
  }
  std::sort(offsets.begin(), offsets.end());
  const auto distinct = std::unique(offsets.begin(), offsets.end()) - offsets.begin();
  EXPECT_GE(distinct, 16);
}

TEST_F(Libums, AttributesAreUsed) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 1 << 20), 0);
  ASSERT_EQ(pthread_attr_setguardsize(&attributes, 65536), 0);
  StackOf stack;
  EXPECT_EQ(run_and_join(create(&attributes, describe_stack, &stack)), &stack);
  EXPECT_GE(stack.bytes, std::size_t{1} << 20);
  EXPECT_LE(stack.bytes, (std::size_t{1} << 20) + 4096);
  EXPECT_EQ(stack.guard, 65536U);
  std::size_t bytes = 0;
  pthread_attr_getstacksize(&attributes, &bytes);
  EXPECT_EQ(bytes, std::size_t{1} << 20) << "the program's own attributes were changed";
  EXPECT_EQ(pthread_attr_destroy(&attributes), 0);
}

TEST_F(Libums, SettingsBehindThePointerOfTheAttributesAreUsed) {
  pthread_attr_t attributes;
  cpu_set_t allowed, one;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
  std::size_t cpu = 0;
  while (!CPU_ISSET(cpu, &allowed)) ++cpu;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  ASSERT_EQ(pthread_attr_setaffinity_np(&attributes, sizeof one, &one), 0);
  const auto count_cpus = [](void*) -> void* {
    cpu_set_t mine;
    // By its thread id: the carrier has an affinity of its own.
    EXPECT_EQ(sched_getaffinity(gettid(), sizeof mine, &mine), 0);
    return reinterpret_cast<void*>(static_cast<std::intptr_t>(CPU_COUNT(&mine)));
  };
  EXPECT_EQ(run_and_join(create(&attributes, count_cpus, nullptr)), reinterpret_cast<void*>(1));
  EXPECT_EQ(pthread_attr_destroy(&attributes), 0);
}

TEST_F(Libums, AStackOfTheProgramIsUsedAsItIs) {
  constexpr std::size_t kBytes = 1 << 20;
  void* const memory =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstack(&attributes, memory, kBytes), 0);
  for (int i = 0; i < 3; ++i) {
    StackOf stack;
    EXPECT_EQ(run_and_join(create(&attributes, describe_stack, &stack)), &stack);
    EXPECT_EQ(stack.low, memory);
    EXPECT_EQ(stack.bytes, kBytes);
  }
  EXPECT_EQ(pthread_attr_destroy(&attributes), 0);
  EXPECT_EQ(munmap(memory, kBytes), 0);
}

TEST_F(Libums, DetachedWorkers) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED), 0);
  StackOf stack;
  create(&attributes, describe_stack, &stack);
  pthread_attr_destroy(&attributes);
  run_workers(1);
  EXPECT_EQ(stack.detached, PTHREAD_CREATE_DETACHED);
}

}  // namespace
