// SPDX-License-Identifier: Apache-2.0
//
// The user library: abi.md, "The user library", function by function.
#include <pthread.h>
#include <sys/wait.h>
#include <ums.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "support/pages.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

// A scheduler thread whose entry point executes workers until `ends` of them have ended.
struct Schedule {
  ums_completion_list_t list;
  int ends;
  std::string log;  // s, y, e: what the entry point was called for
  std::vector<std::uintptr_t> parameters;
  std::vector<ums_context_t> contexts;
};
thread_local Schedule* schedule = nullptr;

// Takes one worker at a time: the rest of a batch returns to the list by itself.
void entry_point(ums_reason_t reason, ums_activation_t* activation, void* parameter) {
  Schedule& mine = *schedule;
  mine.log += "sye"[reason];
  mine.parameters.push_back(reinterpret_cast<std::uintptr_t>(parameter));
  EXPECT_EQ(activation == nullptr, reason == UMS_SCHEDULER_STARTUP);
  if (activation != nullptr) mine.contexts.push_back(activation->context);
  if (reason == UMS_SCHEDULER_THREAD_END && --mine.ends == 0) pthread_exit(nullptr);
  ums_context_t worker = 0;
  EXPECT_EQ(dequeue_ums_completion_list_items(mine.list, &worker), 0);
  EXPECT_EQ(execute_ums_thread(worker), 0);
}

void run_schedule(Schedule& wanted) {
  Thread scheduler([&] {
    schedule = &wanted;
    ums_scheduler_startup_info_t info{wanted.list, entry_point, reinterpret_cast<void*>(0x57a7UL)};
    enter_ums_scheduling_mode(&info);
    ADD_FAILURE() << "returned";
  });
}

class Library : public SystemTest {
 protected:
  // The library's file stays open once it is used. It is there, with all its tables, before the
  // count of objects.
  void SetUp() override {
    ASSERT_EQ(create_ums_completion_list(&list_), 0);
    const pthread_t worker = create([](void* p) { return p; }, nullptr);
    Schedule wanted{list_, 1, {}, {}, {}};
    run_schedule(wanted);
    ASSERT_EQ(pthread_join(worker, nullptr), 0);
    ASSERT_EQ(delete_ums_completion_list(&list_), 0);
    SystemTest::SetUp();
    ASSERT_EQ(create_ums_completion_list(&list_), 0);
  }
  void TearDown() override {
    EXPECT_EQ(delete_ums_completion_list(&list_), 0);
    SystemTest::TearDown();
  }

  pthread_t create(void* (*body)(void*), void* argument) {
    ums_attr_t attr{list_, nullptr};
    pthread_t thread{};
    EXPECT_EQ(ums_pthread_create(&thread, &attr, body, argument), 0);
    return thread;
  }

  ums_completion_list_t list_ = 0;
};

// ---- results of the functions

TEST_F(Library, NullGivesEfault) {
  errno = 0;
  EXPECT_EQ(create_ums_completion_list(nullptr), -1);
  EXPECT_EQ(errno, EFAULT);
  errno = 0;
  EXPECT_EQ(delete_ums_completion_list(nullptr), -1);
  EXPECT_EQ(errno, EFAULT);
  errno = 0;
  EXPECT_EQ(enter_ums_scheduling_mode(nullptr), -1);
  EXPECT_EQ(errno, EFAULT);
  errno = 0;
  EXPECT_EQ(dequeue_ums_completion_list_items(list_, nullptr), -1);
  EXPECT_EQ(errno, EFAULT);
  pthread_t thread;
  ums_attr_t attr{list_, nullptr};
  errno = 0;
  EXPECT_EQ(ums_pthread_create(
                &thread, nullptr, [](void* p) { return p; }, nullptr),
            -1);
  EXPECT_EQ(errno, EFAULT);
  errno = 0;
  EXPECT_EQ(ums_pthread_create(&thread, &attr, nullptr, nullptr), -1);
  EXPECT_EQ(errno, EFAULT);
}

TEST_F(Library, CreateGivesTheLowestFreeIds) {
  ums_completion_list_t second = 0;
  EXPECT_EQ(create_ums_completion_list(&second), 0);
  EXPECT_EQ(second, list_ + 1);
  EXPECT_EQ(delete_ums_completion_list(&second), 0);
  EXPECT_EQ(second, 0) << "\"0 (and *list becomes 0)\"";
  errno = 0;
  EXPECT_EQ(delete_ums_completion_list(&second), -1);
  EXPECT_EQ(errno, EINVAL);
}

TEST_F(Library, CreateIntoABadPointer) {
  const Pages pages;
  for (char* const bad : {pages.unmapped(), pages.read_only(), reinterpret_cast<char*>(8)}) {
    errno = 0;
    EXPECT_EQ(create_ums_completion_list(reinterpret_cast<ums_completion_list_t*>(bad)), -1);
    EXPECT_EQ(errno, EACCES);
  }
}

TEST_F(Library, CallsByAPlainThread) {
  ums_context_t out = 4711;
  errno = 0;
  EXPECT_EQ(dequeue_ums_completion_list_items(list_, &out), -1);
  EXPECT_EQ(errno, ESRCH);
  EXPECT_EQ(dequeue_ums_completion_list_items(99, &out), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(out, 4711) << "untouched";
  EXPECT_EQ(get_next_ums_list_item(1), -1);
  EXPECT_EQ(errno, ESRCH);
  errno = 0;
  EXPECT_EQ(execute_ums_thread(1), -1);
  EXPECT_EQ(errno, ESRCH);
  errno = 0;
  EXPECT_EQ(ums_thread_yield(nullptr), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST_F(Library, SchedulingModeReturnsOnErrorOnly) {
  ums_scheduler_startup_info_t info{99, entry_point, nullptr};
  errno = 0;
  EXPECT_EQ(enter_ums_scheduling_mode(&info), -1);
  EXPECT_EQ(errno, EINVAL);
}

// ---- entry points

// "on STARTUP activation is NULL and the parameter is the startup info's scheduler_param; on YIELD
// activation holds the worker's context and the parameter is what the worker passed to
// ums_thread_yield; on END activation holds the worker's context and the parameter is NULL."
TEST_F(Library, EntryPointArguments) {
  const pthread_t worker = create(
      [](void*) -> void* {
        EXPECT_EQ(ums_thread_yield(reinterpret_cast<void*>(0xdeadbeefcafebabeUL)), 0);
        EXPECT_EQ(ums_thread_yield(nullptr), 0);
        return nullptr;
      },
      nullptr);
  Schedule wanted{list_, 1, {}, {}, {}};
  run_schedule(wanted);
  pthread_join(worker, nullptr);
  EXPECT_EQ(wanted.log, "syye");
  const std::vector<std::uintptr_t> parameters = {0x57a7, 0xdeadbeefcafebabeUL, 0, 0};
  EXPECT_EQ(wanted.parameters, parameters);
  ASSERT_EQ(wanted.contexts.size(), 3U);
  EXPECT_EQ(wanted.contexts[0], wanted.contexts[2]);
}

TEST_F(Library, WorkerRunsItsFunctionWhenExecuted) {
  static std::atomic<bool> ran;
  ran = false;
  int argument = 0;
  const pthread_t worker = create(
      [](void* passed) {
        ran = true;
        return passed;
      },
      &argument);
  EXPECT_FALSE(ran);
  Schedule wanted{list_, 1, {}, {}, {}};
  run_schedule(wanted);
  void* result = nullptr;
  EXPECT_EQ(pthread_join(worker, &result), 0);
  EXPECT_EQ(result, &argument);
  EXPECT_TRUE(ran);
}

// "When it returns, calls pthread_exit, or is cancelled, a [...] destructor leaves worker mode"
TEST_F(Library, WorkersThatEndInEveryWay) {
  const pthread_t returns = create([](void* p) { return p; }, nullptr);
  const pthread_t exits = create([](void*) -> void* { pthread_exit(nullptr); }, nullptr);
  const pthread_t cancelled = create(
      [](void*) -> void* {
        pthread_cancel(pthread_self());
        about_to_be_cancelled();
        pthread_testcancel();
        return nullptr;
      },
      nullptr);
  Schedule wanted{list_, 3, {}, {}, {}};
  run_schedule(wanted);
  EXPECT_EQ(wanted.log, "seee");
  void* result = nullptr;
  EXPECT_EQ(pthread_join(returns, nullptr), 0);
  EXPECT_EQ(pthread_join(exits, nullptr), 0);
  EXPECT_EQ(pthread_join(cancelled, &result), 0);
  EXPECT_EQ(result, PTHREAD_CANCELED);
}

// "get_next_ums_list_item: next context, 0 at the end of the list, -1 on error"
TEST_F(Library, WalkOfABatch) {
  std::vector<pthread_t> workers;
  for (int i = 0; i < 3; ++i) workers.push_back(create([](void* p) { return p; }, nullptr));
  Thread scheduler([&] {
    ums_scheduler_startup_info_t info{
        list_,
        [](ums_reason_t reason, ums_activation_t*, void* list) {
          if (reason != UMS_SCHEDULER_STARTUP) return;
          int found = 0;
          while (found < 3) {
            ums_context_t worker = 0;
            EXPECT_EQ(dequeue_ums_completion_list_items(
                          static_cast<int>(reinterpret_cast<std::intptr_t>(list)), &worker),
                      0);
            std::vector<ums_context_t> batch;
            for (; worker > 0; worker = get_next_ums_list_item(worker)) batch.push_back(worker);
            EXPECT_EQ(worker, 0);
            for (const ums_context_t each : batch) EXPECT_EQ(execute_ums_thread(each), 0);
            found += static_cast<int>(batch.size());
          }
          pthread_exit(nullptr);
        },
        reinterpret_cast<void*>(static_cast<std::intptr_t>(list_))};
    enter_ums_scheduling_mode(&info);
  });
  scheduler.join();
  for (const pthread_t worker : workers) EXPECT_EQ(pthread_join(worker, nullptr), 0);
}

// "otherwise what pthread_create returns"
TEST_F(Library, CreateReturnsTheErrorOfPthreadCreate) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  // No machine has so large an address space, so nobody begins to set it up.
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, std::size_t{1} << 62), 0);
  ums_attr_t attr{list_, &attributes};
  pthread_t thread;
  EXPECT_EQ(ums_pthread_create(
                &thread, &attr, [](void* p) { return p; }, nullptr),
            EAGAIN);
  pthread_attr_destroy(&attributes);
}

// A worker's attributes are used, and its stack is never smaller than asked for.
TEST_F(Library, AttributesOfAWorker) {
  static constexpr std::size_t kBytes = 1 << 20;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kBytes);
  ums_attr_t attr{list_, &attributes};
  pthread_t thread;
  ASSERT_EQ(ums_pthread_create(
                &thread, &attr,
                [](void*) -> void* {
                  pthread_attr_t own;
                  std::size_t bytes = 0;
                  pthread_getattr_np(pthread_self(), &own);
                  pthread_attr_getstacksize(&own, &bytes);
                  pthread_attr_destroy(&own);
                  EXPECT_GE(bytes, kBytes);
                  EXPECT_LE(bytes, kBytes + 8192);
                  return nullptr;
                },
                nullptr),
            0);
  std::size_t after = 0;
  pthread_attr_getstacksize(&attributes, &after);
  EXPECT_EQ(after, kBytes) << "the program's own attributes are left alone";
  pthread_attr_destroy(&attributes);
  Schedule wanted{list_, 1, {}, {}, {}};
  run_schedule(wanted);
  pthread_join(thread, nullptr);
}

// A worker of an unknown list ends at once; its function is not called.
TEST_F(Library, WorkerOfAnUnknownList) {
  ums_attr_t attr{99, nullptr};
  pthread_t thread;
  const auto body = [](void*) -> void* {
    ADD_FAILURE() << "called";
    return nullptr;
  };
  ASSERT_EQ(ums_pthread_create(&thread, &attr, body, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
}

// "in the child of a fork closes the inherited file and opens a new one, so that the child has a
// private pool."
TEST_F(Library, ForkedChildHasAPrivatePool) {
  const int status = in_child([&] {
    ums_completion_list_t list = 0;
    EXPECT_EQ(create_ums_completion_list(&list), 0);
    EXPECT_EQ(list, 1) << "an empty pool";
    ums_attr_t attr{list, nullptr};
    pthread_t thread;
    EXPECT_EQ(ums_pthread_create(
                  &thread, &attr, [](void* p) { return p; }, nullptr),
              0);
    Schedule wanted{list, 1, {}, {}, {}};
    run_schedule(wanted);
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace ums::test
