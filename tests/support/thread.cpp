// SPDX-License-Identifier: Apache-2.0
#include "support/thread.h"

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

Worker::Worker(int fd, int list, std::function<void()> body)
    : Thread([this, fd, list, work = std::move(body)] {
        entered_ = enter_worker(fd, list);
        if (entered_ != 0) return;
        work();
        EXPECT_EQ(exit_worker(fd), 0);
      }) {
  wait_until_entered();
}

Worker::Worker(NoExit, int fd, int list, std::function<void()> body)
    : Thread([this, fd, list, work = std::move(body)] {
        entered_ = enter_worker(fd, list);
        if (entered_ == 0) work();
      }) {
  wait_until_entered();
}

void Worker::wait_until_entered() const {
  wait_until([this] { return finished() || task_is(tid(), kernel::TaskState::kSuspended); });
}

}  // namespace ums::test
