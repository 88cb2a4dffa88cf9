// SPDX-License-Identifier: Apache-2.0
//
// The functions of ums.h: their arguments, their errors, and what an entry point is told.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <ums.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <thread>
#include <vector>

#include "sim_kernel/sched/task.h"
#include "support/libums_fixture.h"
#include "support/thread.h"

namespace {

using ums::kernel::for_each_task;
using ums::kernel::Task;
using ums::kernel::TaskState;
using ums::test::kNoList;
using ums::test::Libums;

TEST_F(Libums, CreateListErrors) {
  EXPECT_FAILS(create_ums_completion_list(nullptr), EFAULT);
  EXPECT_FAILS(create_ums_completion_list(reinterpret_cast<int*>(8)), EACCES);
}

TEST_F(Libums, DeleteListErrors) {
  EXPECT_FAILS(delete_ums_completion_list(nullptr), EFAULT);
  for (const ums_completion_list_t unknown : {kNoList, 0, -1}) {
    ums_completion_list_t list = unknown;
    EXPECT_FAILS(delete_ums_completion_list(&list), EINVAL);
    EXPECT_EQ(list, unknown);
  }
}

TEST_F(Libums, DeleteListClearsTheId) {
  ums_completion_list_t list = 0;
  ASSERT_EQ(create_ums_completion_list(&list), 0);
  EXPECT_EQ(list, list_ + 1);
  ums_completion_list_t again = list;
  EXPECT_EQ(delete_ums_completion_list(&list), 0);
  EXPECT_EQ(list, 0);
  EXPECT_FAILS(delete_ums_completion_list(&again), EINVAL);
}

TEST_F(Libums, EnterSchedulingModeErrors) {
  const auto entry_point = [](ums_reason_t, ums_activation_t*, void*) {};
  ums_scheduler_startup_info_t unknown{kNoList, entry_point, nullptr};
  ums_scheduler_startup_info_t without{list_, nullptr, nullptr};
  EXPECT_FAILS(enter_ums_scheduling_mode(nullptr), EFAULT);
  EXPECT_FAILS(enter_ums_scheduling_mode(&without), EFAULT);
  EXPECT_FAILS(enter_ums_scheduling_mode(&unknown), EINVAL);
}

TEST_F(Libums, ASchedulerCannotBecomeOneAgain) {
  schedule(
      [](ums_reason_t, ums_activation_t*, void* list) {
        ums_scheduler_startup_info_t info{*static_cast<int*>(list),
                                          [](ums_reason_t, ums_activation_t*, void*) {}, nullptr};
        EXPECT_FAILS(enter_ums_scheduling_mode(&info), ENOMEM);
        pthread_exit(nullptr);
      },
      &list_);
}

TEST_F(Libums, SchedulerCallsByOthers) {
  ums_context_t context = -7;
  EXPECT_FAILS(dequeue_ums_completion_list_items(list_, nullptr), EFAULT);
  EXPECT_FAILS(dequeue_ums_completion_list_items(kNoList, &context), EINVAL);
  EXPECT_FAILS(dequeue_ums_completion_list_items(list_, &context), ESRCH);
  EXPECT_EQ(context, -7);
  EXPECT_FAILS(get_next_ums_list_item(gettid()), ESRCH);
  EXPECT_FAILS(execute_ums_thread(gettid()), ESRCH);
  EXPECT_FAILS(ums_thread_yield(nullptr), ESRCH);
}

// ---- what the entry point is told

struct Told {
  ums_completion_list_t list;
  std::vector<ums_reason_t> reasons;
  std::vector<void*> parameters;
  std::vector<ums_context_t> contexts;
};

TEST_F(Libums, EntryPointArguments) {
  static thread_local Told* told;
  static char gift;
  Told of_this_test{list_, {}, {}, {}};
  const pthread_t worker = create(
      nullptr,
      [](void*) -> void* {
        EXPECT_EQ(ums_thread_yield(&gift), 0);
        return reinterpret_cast<void*>(static_cast<std::intptr_t>(gettid()));
      },
      nullptr);
  schedule(
      [](ums_reason_t reason, ums_activation_t* activation, void* parameter) {
        if (reason == UMS_SCHEDULER_STARTUP) told = static_cast<Told*>(parameter);
        told->reasons.push_back(reason);
        told->parameters.push_back(parameter);
        told->contexts.push_back(activation != nullptr ? activation->context : 0);
        if (reason == UMS_SCHEDULER_THREAD_END) pthread_exit(nullptr);
        ums_context_t context = 0;
        EXPECT_EQ(dequeue_ums_completion_list_items(told->list, &context), 0);
        EXPECT_EQ(get_next_ums_list_item(context), 0);
        EXPECT_EQ(execute_ums_thread(context), 0);
      },
      &of_this_test);
  void* result = nullptr;
  EXPECT_EQ(pthread_join(worker, &result), 0);
  const auto tid = static_cast<ums_context_t>(reinterpret_cast<std::intptr_t>(result));
  EXPECT_EQ(of_this_test.reasons, (std::vector{UMS_SCHEDULER_STARTUP, UMS_SCHEDULER_THREAD_YIELD,
                                               UMS_SCHEDULER_THREAD_END}));
  EXPECT_EQ(of_this_test.parameters, (std::vector<void*>{&of_this_test, &gift, nullptr}));
  EXPECT_EQ(of_this_test.contexts, (std::vector{0, tid, tid}));
}

// Whether thread `tid` sleeps in the kernel. Looks under the task list's lock, for it may end.
bool is_asleep(pid_t tid) {
  struct Search {
    pid_t tid;
    bool asleep;
  } search{tid, false};
  for_each_task(
      [](Task& task, void* argument) {
        auto& wanted = *static_cast<Search*>(argument);
        if (task.tid == wanted.tid && task.state.load() == TaskState::kInterruptible) {
          wanted.asleep = true;
        }
      },
      &search);
  return search.asleep;
}

TEST_F(Libums, ASignalEndsAWaitInAnEmptyList) {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  struct Shared {
    ums_completion_list_t list;
    std::atomic<pid_t> tid{0};
    pthread_t thread{};
  } shared{list_};
  std::thread signaller([&] {
    while (!is_asleep(shared.tid)) sched_yield();
    pthread_kill(shared.thread, SIGUSR1);
  });
  schedule(
      [](ums_reason_t, ums_activation_t*, void* parameter) {
        auto& of_test = *static_cast<Shared*>(parameter);
        of_test.thread = pthread_self();
        of_test.tid = gettid();
        ums_context_t context = 0;
        EXPECT_FAILS(dequeue_ums_completion_list_items(of_test.list, &context), EINTR);
        pthread_exit(nullptr);
      },
      &shared);
  signaller.join();
}

// As the handler of a timer does that preempts whoever runs: it may have interrupted an allocation.
TEST_F(Libums, AYieldOfAThreadThatHasMadeNoCallAllocatesNothing) {
  std::thread([] {
    EXPECT_FAILS(ums_thread_yield(nullptr), ESRCH);
    EXPECT_EQ(ums::kernel::find_task(gettid()), nullptr);
  }).join();
}

// Its handler interrupts the library anywhere, between two calls of the kernel too.
TEST_F(Libums, AWorkerThatYieldsEndsInASignalHandler) {
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "handlers run late, and cannot be left";
#if !defined(__OPTIMIZE__)
  GTEST_SKIP() << "calls inline functions that this program has with exception tables";
#endif
  constexpr int kRounds = 300;
  static int yields;
  signal(SIGUSR2, [](int) { pthread_exit(nullptr); });
  std::thread scheduler([this] { run_workers(kRounds); });
  for (int i = 0; i < kRounds; ++i) {
    __atomic_store_n(&yields, 0, __ATOMIC_RELAXED);
    const pthread_t worker = create(
        nullptr,
        [](void*) -> void* {
          ums::test::about_to_be_cancelled();
          for (;; __atomic_add_fetch(&yields, 1, __ATOMIC_RELAXED)) ums_thread_yield(nullptr);
        },
        nullptr);
    while (__atomic_load_n(&yields, __ATOMIC_RELAXED) < 100 + i) sched_yield();
    EXPECT_EQ(pthread_kill(worker, SIGUSR2), 0);
    EXPECT_EQ(pthread_join(worker, nullptr), 0);
  }
  scheduler.join();
  signal(SIGUSR2, SIG_DFL);
}

TEST_F(Libums, AForkedChildHasAPoolOfItsOwn) {
  const pid_t child = fork();
  if (child == 0) {
    ums_completion_list_t list = 0;
    ums_completion_list_t inherited = list_;
    const bool own = create_ums_completion_list(&list) == 0 && list == 1 &&
                     delete_ums_completion_list(&list) == 0 &&
                     delete_ums_completion_list(&inherited) == -1;
    _exit(own ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
