// SPDX-License-Identifier: Apache-2.0
//
// TempFile: the path of a file that is not there yet, and is gone after the test.
#pragma once

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ums::test {

class TempFile {
 public:
  TempFile() : path_(fmt::format("{}/ums-{}-{}", testing::TempDir(), getpid(), ++made_)) {
    unlink(path_.c_str());
  }
  ~TempFile() { unlink(path_.c_str()); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  const char* path() const { return path_.c_str(); }

  std::string text() const {
    std::ifstream file(path_);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

 private:
  static inline int made_ = 0;
  std::string path_;
};

}  // namespace ums::test
