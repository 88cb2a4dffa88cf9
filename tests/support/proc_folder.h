// SPDX-License-Identifier: Apache-2.0
//
// ProcFolderTest: a SystemTest with an empty folder /proc/test, and short ways to look into it.
//
// Thread safety: names and text_of: any thread.
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <vector>

#include "procfs_emul/proc_file.h"
#include "support/system_test.h"

namespace ums::test {

class ProcFolderTest : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    folder_ = kernel::proc_mkdir("test", nullptr).value();
  }
  void TearDown() override {
    kernel::proc_remove(folder_);
    SystemTest::TearDown();
  }

  // proc_open from the root; null fails the test unless it gives `error`.
  static kernel::ProcFile* open(const std::string& path, int flags = O_RDONLY, int error = 0) {
    kernel::Result<kernel::ProcFile*> file = kernel::proc_open(kernel::ProcPath(), path, flags);
    EXPECT_EQ(file.error_code(), error) << path;
    return file.ok() ? file.value() : nullptr;
  }

  // Reads once. -errno if it fails.
  static std::string read(kernel::ProcFile& file, std::size_t bytes = 4096) {
    std::string text(bytes, '\0');
    kernel::Result<std::size_t> count =
        kernel::proc_read(file, kernel::UserPtr<void>::kernel(text.data()), bytes);
    if (!count.ok()) return "-" + std::to_string(count.error_code());
    text.resize(count.value());
    return text;
  }

  // The names that a folder lists, "." and ".." left out.
  static std::vector<std::string> names(const std::string& path) {
    std::vector<std::string> found;
    kernel::ProcFile* const file = open(path);
    if (file == nullptr) return found;
    kernel::ProcDirent entries[3];
    for (std::size_t count = 1; count > 0;) {
      count = kernel::proc_readdir(*file, entries, 3).value();
      for (std::size_t i = 0; i < count; ++i) {
        if (entries[i].name[0] != '.') found.emplace_back(entries[i].name);
      }
    }
    kernel::proc_close(file);
    return found;
  }

  kernel::ProcNode* folder_ = nullptr;
};

}  // namespace ums::test
