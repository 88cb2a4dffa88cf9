// SPDX-License-Identifier: Apache-2.0
//
// Libums: a test with a completion list of its own, and the plainest scheduler, by ums.h alone.
//
//     TEST_F(Libums, Something) {
//       const pthread_t worker = create(nullptr, function, argument);
//       EXPECT_EQ(run_and_join(worker), result);
//     }
//
// Invariants:
// 1. At the end of a test its list is deleted, so nothing of it may be in use.
//
// Thread safety: one thread.
#pragma once

#include <gtest/gtest.h>
#include <pthread.h>
#include <ums.h>

#include <cerrno>

#define EXPECT_FAILS(call, error) \
  do {                            \
    errno = 0;                    \
    EXPECT_EQ(call, -1);          \
    EXPECT_EQ(errno, error);      \
  } while (false)

namespace ums::test {

inline constexpr ums_completion_list_t kNoList = 4711;  // the id of none

class Libums : public testing::Test {
 protected:
  Libums() { EXPECT_EQ(create_ums_completion_list(&list_), 0); }
  ~Libums() override { EXPECT_EQ(delete_ums_completion_list(&list_), 0); }

  pthread_t create(pthread_attr_t* attributes, void* (*function)(void*), void* argument) {
    pthread_t thread{};
    ums_attr_t attr{list_, attributes};
    EXPECT_EQ(ums_pthread_create(&thread, &attr, function, argument), 0);
    return thread;
  }

  // Runs `entry_point` as a scheduler on a thread of its own, until it calls pthread_exit.
  void schedule(ums_scheduler_entry_point_t entry_point, void* parameter) {
    pthread_t thread;
    info_ = {list_, entry_point, parameter};
    ASSERT_EQ(pthread_create(
                  &thread, nullptr,
                  [](void* info) -> void* {
                    enter_ums_scheduling_mode(static_cast<ums_scheduler_startup_info_t*>(info));
                    ADD_FAILURE() << "enter_ums_scheduling_mode returned, errno " << errno;
                    return nullptr;
                  },
                  &info_),
              0);
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
  }

  // Runs one worker after the other until `count` have ended.
  void run_workers(int count) {
    struct Run {
      ums_completion_list_t list;
      int left;
      ums_context_t next;
    };
    static thread_local Run* run;
    Run of_this_test{list_, count, 0};
    schedule(
        [](ums_reason_t reason, ums_activation_t*, void* parameter) {
          if (reason == UMS_SCHEDULER_STARTUP) run = static_cast<Run*>(parameter);
          if (reason == UMS_SCHEDULER_THREAD_END && --run->left == 0) pthread_exit(nullptr);
          if (run->next == 0) dequeue_ums_completion_list_items(run->list, &run->next);
          const ums_context_t worker = run->next;
          run->next = get_next_ums_list_item(worker);
          EXPECT_EQ(execute_ums_thread(worker), 0);
        },
        &of_this_test);
  }

  void* run_and_join(pthread_t worker) {
    run_workers(1);
    void* result = nullptr;
    EXPECT_EQ(pthread_join(worker, &result), 0);
    return result;
  }

  ums_completion_list_t list_ = 0;

 private:
  ums_scheduler_startup_info_t info_{};
};

}  // namespace ums::test
