// SPDX-License-Identifier: Apache-2.0
//
// Victim: a process of a program under test that is killed. shared<T>: memory that forked processes
// share.
//
//     Victim dead([&] { enter_worker(fd, list); });
//     wait_until_suspended(dead.pid());
//     dead.die();
//
// Thread safety: one owner.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <new>

#include "support/door.h"

namespace ums::test {

// A process that runs `body`, and lives on until it is killed.
class Victim {
 public:
  template <typename Body>
  explicit Victim(Body body) : pid_(fork()) {
    if (pid_ != 0) return;
    forget_thread_id();
    body();
    for (;;) pause();
  }
  ~Victim() {
    if (pid_ > 0) die();
  }
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  pid_t pid() const { return pid_; }

  void die() {
    kill(pid_, SIGKILL);
    EXPECT_EQ(waitpid(pid_, nullptr, 0), pid_);
    pid_ = -1;
  }

  // Waits for one that ends by itself. Returns its status as waitpid gives it.
  int wait() {
    int status = -1;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_;
};

// An object in memory of its own, which lives as long as the processes.
template <typename T>
T& shared() {
  void* const memory =
      mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return *new (memory) T{};
}

}  // namespace ums::test
