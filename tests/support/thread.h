// SPDX-License-Identifier: Apache-2.0
//
// Thread: a pthread whose id is known from the start. Worker: one that is a worker.
//
//     Worker worker(fd, list, [&] { EXPECT_EQ(yield(fd), 0); });   // suspended in ENTER by now
//     EXPECT_EQ(execute(fd, worker.tid()), 0);
//
// A plain pthread, not a std::thread: tests cancel it, kill it, and look at its result.
//
// Thread safety: one owner.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <atomic>
#include <functional>
#include <memory>

namespace ums::test {

class Thread {
 public:
  explicit Thread(std::function<void()> body);
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  pid_t tid() const { return tid_; }
  pthread_t handle() const { return handle_; }

  // Waits for its end. Returns what pthread_join does as the thread's result. Once.
  void* join();

  // Whether the body has ended or was cancelled.
  bool finished() const { return finished_; }

 private:
  static void* run(void* self);

  std::function<void()> body_;
  std::atomic<pid_t> tid_{0};
  std::atomic<bool> finished_{false};
  pthread_t handle_{};
  bool joined_ = false;
};

// To be called before the caller is cancelled. AddressSanitizer is not told when a thread leaves
// its frames in that way, and would find their marks on the stack that others use afterwards.
void about_to_be_cancelled();

class Worker : public Thread {
 public:
  // Enters `list` of `fd`, runs `body` when executed, and leaves worker mode. The constructor
  // returns when the worker is suspended, or has failed to enter (entered() says why).
  Worker(
      int fd, int list, std::function<void()> body = [] {});

  // The same, without the EXIT: the thread ends as a worker.
  struct NoExit {};
  Worker(
      NoExit, int fd, int list, std::function<void()> body = [] {});

  // What ENTER returned; 1 while it has not.
  int entered() const { return state_->entered; }

 private:
  // What the thread writes: it runs before this object is complete.
  struct State {
    std::atomic<int> entered{1};
  };
  Worker(std::shared_ptr<State> state, int fd, int list, std::function<void()> body, bool exit);

  std::shared_ptr<State> state_;
};

}  // namespace ums::test
