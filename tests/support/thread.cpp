// SPDX-License-Identifier: Apache-2.0
#include "support/thread.h"

#if UMS_SANITIZE_ADDRESS
#include <sanitizer/asan_interface.h>
#endif

#include <gtest/gtest.h>

#include <utility>

#include "support/await.h"
#include "support/door.h"

namespace ums::test {

Thread::Thread(std::function<void()> body) : body_(std::move(body)) {
  if (pthread_create(&handle_, nullptr, run, this) != 0) std::abort();
  wait_until([this] { return tid_ != 0; });
}

Thread::~Thread() {
  if (!joined_) join();
}

void* Thread::join() {
  void* result = nullptr;
  joined_ = true;
  EXPECT_EQ(pthread_join(handle_, &result), 0);
  return result;
}

void* Thread::run(void* self) {
  Thread& thread = *static_cast<Thread*>(self);
  struct Finish {
    Thread& thread;
    ~Finish() { thread.finished_ = true; }
  } finish{thread};
  thread.tid_ = thread_id();
  thread.body_();
  return nullptr;
}

void about_to_be_cancelled() {
#if UMS_SANITIZE_ADDRESS
  __asan_handle_no_return();
#endif
}

Worker::Worker(int fd, int list, std::function<void()> body)
    : Worker(std::make_shared<State>(), fd, list, std::move(body), true) {}

Worker::Worker(NoExit, int fd, int list, std::function<void()> body)
    : Worker(std::make_shared<State>(), fd, list, std::move(body), false) {}

Worker::Worker(std::shared_ptr<State> state, int fd, int list, std::function<void()> body,
               bool exit)
    : Thread([state, fd, list, exit, work = std::move(body)] {
        state->entered = enter_worker(fd, list);
        if (state->entered != 0) return;
        work();
        if (!exit) return;
        EXPECT_EQ(exit_worker(fd), 0);
      }),
      state_(std::move(state)) {
  wait_until([this] { return finished() || task_is(tid(), kernel::TaskState::kSuspended); });
}

}  // namespace ums::test
