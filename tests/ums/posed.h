// SPDX-License-Identifier: Apache-2.0
//
// Posed: the program posed.c, with a kernel of its own or under a kernel process, and a run folder
// that nobody else uses.
//
// Thread safety: one thread.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "ums/started.h"

namespace ums::test {

// A folder that is $XDG_RUNTIME_DIR and $TMPDIR of this process and those that it starts; it is
// removed in the end.
class RunFolder {
 public:
  RunFolder() {
    std::string name = "/tmp/ums-runtime-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr) << name;
    path_ = name;
    setenv("XDG_RUNTIME_DIR", name.c_str(), 1);
    setenv("TMPDIR", name.c_str(), 1);
  }
  ~RunFolder() {
    unsetenv("XDG_RUNTIME_DIR");
    unsetenv("TMPDIR");
    std::filesystem::remove_all(path_);
  }
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::filesystem::path& runtime() const { return path_; }
  std::filesystem::path path() const { return path_ / "ums"; }

  // The names in it, in their order.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    if (!std::filesystem::exists(path())) return names;
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::filesystem::path path_;
};

inline Words embedded_kernel() { return {UMS_TEST_POSED_EMBEDDED}; }
inline Words kernel_process() { return {UMS_TEST_COMMAND, "run", "--", UMS_TEST_POSED}; }

class Posed {
 public:
  // Starts the program, and waits for its first picture. There is none where a kernel process
  // cannot be started here.
  explicit Posed(const Words& command = embedded_kernel()) : started_(command) {
    std::istringstream ids(started_.line());
    ids >> pid >> s >> a >> b >> c >> d;
    if (pid != 0) {
      EXPECT_EQ(started_.line(), "picture 1");
    }
  }

  // Lets it go on to picture `number`, 2 or 3.
  void go_on(int number) {
    started_.write("\n");
    EXPECT_EQ(started_.line(), "picture " + std::to_string(number));
  }
  // Lets it end, from picture 3.
  int end() {
    started_.write("\n");
    return started_.wait();
  }
  void die() {
    kill(pid, SIGKILL);
    started_.wait();
  }
  std::string errors() const { return started_.errors(); }

  std::string path(const std::string& below) const {
    return "/proc/ums/" + std::to_string(pid) + below;
  }

  pid_t pid = 0;
  pid_t s = 0, a = 0, b = 0, c = 0, d = 0;  // threads

 private:
  Started started_;
};

inline Outcome run_ums(Words words) {
  words.insert(words.begin(), UMS_TEST_COMMAND);
  return run(words);
}

}  // namespace ums::test
