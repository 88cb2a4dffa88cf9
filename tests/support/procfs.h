// SPDX-License-Identifier: Apache-2.0
//
// Procfs: a DeviceTest that looks into /proc/ums, through the door in process (ums/ums_proc.h).
//
//     EXPECT_EQ(read_file(worker_path(tid) + "/info"), info(tid, "I (idle)", 0));
//     EXPECT_EQ(links(), (Links{{1, first}, {2, second}}));
//
// Thread safety: any thread but for add and execute_all.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <ums/ums_proc.h>

#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/system_test.h"

namespace ums::test {

using Names = std::vector<std::string>;
using Batch = std::vector<pid_t>;
using Links = std::map<int, pid_t>;

inline std::string errno_text(int error) { return "-" + std::to_string(error); }

// All of a file, or -errno.
inline std::string read_file(const std::string& path) {
  ums_proc_file_t* const file = ums_proc_open(path.c_str(), O_RDONLY);
  if (file == nullptr) return errno_text(errno);
  char text[256];
  const ssize_t count = ums_proc_read(file, text, sizeof text);
  std::string result = count < 0 ? errno_text(errno) : std::string(text, text + count);
  EXPECT_EQ(ums_proc_close(file), 0);
  return result;
}

inline Names list_folder(const std::string& path) {
  ums_proc_file_t* const folder = ums_proc_open(path.c_str(), O_RDONLY | O_DIRECTORY);
  if (folder == nullptr) return {errno_text(errno)};
  Names names;
  dirent entry;
  while (ums_proc_readdir(folder, &entry) == 1) {
    if (entry.d_name[0] != '.') names.emplace_back(entry.d_name);
  }
  EXPECT_EQ(ums_proc_close(folder), 0);
  return names;
}

inline struct stat stat_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(ums_proc_lstat(path.c_str(), &status), 0) << path << ": errno " << errno;
  return status;
}

inline std::string link_of(const std::string& path) {
  char target[100];
  const ssize_t count = ums_proc_readlink(path.c_str(), target, sizeof target);
  return count < 0 ? errno_text(errno) : std::string(target, target + count);
}

class Procfs : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    root_ = "/proc/ums/" + std::to_string(thread_id());
  }

  // A worker that has ended may be on its way out of the file still.
  void TearDown() override {
    workers_.clear();
    DeviceTest::TearDown();
  }

  std::string worker_path(pid_t tid) const { return root_ + "/workers/" + std::to_string(tid); }
  std::string scheduler_path(pid_t tid) const {
    return root_ + "/schedulers/" + std::to_string(tid);
  }
  static std::string info(pid_t tid, const char* state, int switches) {
    return "Pid:\t" + std::to_string(tid) + "\nState:\t" + state + "\nSwitches:\t" +
           std::to_string(switches) + "\n";
  }

  // Adds a worker that calls `turn` when it runs, and yields `yields` times in between.
  pid_t add(
      int yields = 0, const std::function<void()>& turn = [] {}) {
    workers_.push_back(std::make_unique<Worker>(fd_, list_, [this, yields, turn] {
      for (int i = 0; i < yields; ++i) {
        turn();
        EXPECT_EQ(yield(fd_), 0);
      }
      turn();
    }));
    return workers_.back()->tid();
  }

  // The links of a scheduler, as listed and read.
  Links links(pid_t scheduler) {
    Links found;
    for (const std::string& name : list_folder(scheduler_path(scheduler) + "/workers")) {
      const std::string target = link_of(scheduler_path(scheduler) + "/workers/" + name);
      const std::string prefix = root_ + "/workers/";
      EXPECT_EQ(target.substr(0, prefix.size()), prefix) << name;
      if (target.size() > prefix.size()) {
        found[std::stoi(name)] = std::stoi(target.substr(prefix.size()));
      }
    }
    return found;
  }
  Links links() { return links(thread_id()); }

  void execute_all(const Batch& batch) {
    for (const pid_t worker : batch) EXPECT_EQ(execute(fd_, worker), 0);
  }

  std::string root_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace ums::test
