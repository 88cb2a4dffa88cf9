// SPDX-License-Identifier: Apache-2.0
//
// UmsTree: what a program of a kernel process has in /proc/ums for its tests: a scheduler, the
// calling thread, that has two workers dequeued.
//
// Thread safety: one owner.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "support/door.h"
#include "support/thread.h"

namespace ums::test {

// The result of a libc call, with -errno in the place of -1.
template <typename T>
T or_errno(T result) {
  return result == -1 ? static_cast<T>(-errno) : result;
}

class UmsTree {
 public:
  UmsTree() : fd_(dev_open()), list_(create_list(fd_)) {
    for (auto& worker : workers_) worker.emplace(fd_, list_);
    become_scheduler(fd_, list_);
    batch_ = take_batch(fd_, list_);
    EXPECT_EQ(batch_.size(), 2U);
  }
  ~UmsTree() {
    for (const pid_t worker : batch_) EXPECT_EQ(execute(fd_, worker), 0);
    for (auto& worker : workers_) worker.reset();
    EXPECT_EQ(dev_close(fd_), 0);
  }
  UmsTree(const UmsTree&) = delete;
  UmsTree& operator=(const UmsTree&) = delete;

  int fd() const { return fd_; }
  int list() const { return list_; }
  std::string folder() const { return fmt::format("/proc/ums/{}", thread_id()); }
  std::string worker_folder() const { return fmt::format("{}/workers/{}", folder(), worker()); }
  std::string worker_info() const { return worker_folder() + "/info"; }
  std::string scheduler_folder() const {
    return fmt::format("{}/schedulers/{}", folder(), thread_id());
  }
  std::string link() const { return scheduler_folder() + "/workers/1"; }
  std::string worker_text() const {
    return fmt::format("Pid:\t{}\nState:\tI (idle)\nSwitches:\t0\n", worker());
  }

  // The first worker, and its end.
  pid_t worker() const { return batch_.front(); }
  void end_worker() {
    EXPECT_EQ(execute(fd_, worker()), 0);
    batch_.erase(batch_.begin());
  }

 private:
  int fd_;
  int list_;
  std::optional<Worker> workers_[2];
  std::vector<pid_t> batch_;
};

}  // namespace ums::test
