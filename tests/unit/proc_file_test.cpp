// SPDX-License-Identifier: Apache-2.0
#include "procfs_emul/proc_file.h"

#include <dirent.h>
#include <poll.h>

#include <atomic>

#include "sim_kernel/mm/fault_inject.h"
#include "support/proc_folder.h"

namespace ums::test {
namespace {

using namespace ums::kernel;
using Names = std::vector<std::string>;

constexpr ProcFileOperations kCounter = {[](ProcText& text, void* data) {
  text.print("made {} times\n", ++*static_cast<std::atomic<int>*>(data));
}};

class ProcFileTest : public ProcFolderTest {
 protected:
  void SetUp() override {
    ProcFolderTest::SetUp();
    node_ = proc_create("file", 07777, folder_, kCounter, &made_).value();
  }

  static std::string next_name(ProcFile& file) {
    ProcDirent entry;
    return proc_readdir(file, &entry, 1).value() == 1 ? entry.name : "";
  }

  std::atomic<int> made_{0};
  ProcNode* node_ = nullptr;
};

TEST_F(ProcFileTest, PartsOfATextFitTogether) {
  ProcFile* const file = open("/proc/test/file");
  EXPECT_EQ(made_, 0);
  EXPECT_EQ(read(*file, 5), "made ");
  EXPECT_EQ(read(*file, 2), "1 ");
  EXPECT_EQ(read(*file), "times\n");
  EXPECT_EQ(read(*file), "");
  EXPECT_EQ(read(*file), "");
  EXPECT_EQ(made_, 1);
  proc_close(file);
}

TEST_F(ProcFileTest, PreadLeavesThePositionAlone) {
  ProcFile* const file = open("/proc/test/file");
  char text[32] = {};
  const auto to = UserPtr<void>::kernel(text);
  EXPECT_EQ(proc_pread(*file, to, 4, 7).value(), 4U);
  EXPECT_STREQ(text, "time");
  EXPECT_EQ(proc_pread(*file, to, sizeof text, 100).value(), 0U);
  EXPECT_EQ(proc_pread(*file, to, sizeof text, -1).error_code(), EINVAL);
  EXPECT_EQ(read(*file, 4), "made");
  EXPECT_EQ(proc_pread(*file, to, sizeof text, 0).value(), 13U);  // made anew
  EXPECT_EQ(std::string(text, 13), "made 3 times\n");
  proc_close(file);
}

TEST_F(ProcFileTest, ABadAddressReadsNothing) {
  ProcFile* const file = open("/proc/test/file");
  for (const unsigned long bad : {0UL, 8UL, ~0UL - 4096}) {
    EXPECT_EQ(proc_read(*file, UserPtr<void>(bad, 0), 10).error_code(), EACCES) << bad;
  }
  EXPECT_EQ(proc_read(*file, UserPtr<void>(8, 0), 0).value(), 0U);
  EXPECT_EQ(read(*file, 4), "made");
  proc_close(file);
}

TEST_F(ProcFileTest, ReadsEioAfterRemoval) {
  ProcFile* const read_before = open("/proc/test/file");
  ProcFile* const unread = open("/proc/test/file");
  EXPECT_EQ(read(*read_before, 4), "made");
  proc_remove(node_);
  EXPECT_EQ(read(*read_before), "-" + std::to_string(EIO));
  EXPECT_EQ(read(*unread), "-" + std::to_string(EIO));
  open("/proc/test/file", O_RDONLY, ENOENT);
  proc_close(read_before);
  proc_close(unread);
}

TEST_F(ProcFileTest, WritingIsAllowedAndFails) {
  ProcFile* const writer = open("/proc/test/file", O_WRONLY | O_TRUNC | O_CREAT);
  EXPECT_EQ(proc_write(*writer).code, EIO);
  EXPECT_EQ(read(*writer), "-" + std::to_string(EBADF));
  ProcFile* const reader = open("/proc/test/file");
  EXPECT_EQ(proc_write(*reader).code, EBADF);
  EXPECT_EQ(proc_lseek(*reader, 0, SEEK_SET).error_code(), ESPIPE);
  EXPECT_EQ(proc_poll(*reader, POLLIN | POLLPRI | POLLOUT), 0x5);
  proc_close(writer);
  proc_close(reader);
}

TEST_F(ProcFileTest, FlagsOfOpen) {
  ASSERT_TRUE(proc_symlink("link", folder_, "file").ok());
  open("/proc/test", O_RDWR, EISDIR);
  open("/proc/test", O_RDONLY | O_CREAT, EISDIR);
  open("/proc/test/file", O_RDONLY | O_DIRECTORY, ENOTDIR);
  open("/proc/test/link", O_RDONLY | O_NOFOLLOW, ELOOP);
  open("/proc/test/link", O_RDWR | O_CREAT | O_EXCL, EEXIST);
  open("/proc/test/none", O_RDWR | O_CREAT, ENOENT);
  open("/proc/test/none", O_RDWR | O_CREAT | O_EXCL, ENOENT);
  ProcFile* const file = open("/proc/test/link", O_RDWR);
  EXPECT_EQ(read(*file), "made 1 times\n");
  ProcDirent entry;
  EXPECT_EQ(proc_readdir(*file, &entry, 1).error_code(), ENOTDIR);
  proc_close(file);
  ProcFile* const folder = open("/proc/test", O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(read(*folder), "-" + std::to_string(EISDIR));
  proc_close(folder);
}

TEST_F(ProcFileTest, DotsComeFirstAndAFolderCanBeRewound) {
  ASSERT_TRUE(proc_mkdir("b", folder_).ok());
  ProcFile* const folder = open("/proc/test/b/..");
  ProcDirent entries[8];
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(proc_readdir(*folder, entries, 8).value(), 4U);
    EXPECT_STREQ(entries[0].name, ".");
    EXPECT_STREQ(entries[1].name, "..");
    EXPECT_STREQ(entries[2].name, "b");
    EXPECT_STREQ(entries[3].name, "file");
    EXPECT_EQ(entries[0].ino, folder_->ino);
    EXPECT_EQ(entries[1].ino, proc_root().ino);
    EXPECT_EQ(entries[2].type, DT_DIR);
    EXPECT_EQ(entries[3].type, DT_REG);
    EXPECT_EQ(entries[3].position, 3U);
    EXPECT_EQ(proc_readdir(*folder, entries, 8).value(), 0U);
    EXPECT_EQ(proc_lseek(*folder, 7, SEEK_SET).error_code(), EINVAL);
    EXPECT_EQ(proc_lseek(*folder, 0, SEEK_SET).value(), 0);
  }
  proc_close(folder);
}

// Invariant 2.
TEST_F(ProcFileTest, AListingGoesOnWhereItWas) {
  proc_remove(node_);
  ProcNode* nodes[10];
  for (int i = 1; i < 10; ++i) nodes[i] = proc_mkdir(std::to_string(i), folder_).value();
  ProcFile* const folder = open("/proc/test");
  for (const char* const name : {".", "..", "1", "2", "3"}) EXPECT_EQ(next_name(*folder), name);
  proc_remove(nodes[3]);  // where it stands
  proc_remove(nodes[1]);  // behind it
  proc_remove(nodes[4]);  // before it
  proc_remove(nodes[9]);  // the last
  ASSERT_TRUE(proc_mkdir("0", folder_).ok());
  ASSERT_TRUE(proc_mkdir("10", folder_).ok());
  for (const char* const name : {"5", "6", "7", "8", "10", ""}) {
    EXPECT_EQ(next_name(*folder), name);
  }
  proc_remove(folder_);
  folder_ = nullptr;
  EXPECT_EQ(proc_lseek(*folder, 0, SEEK_SET).value(), 0);
  EXPECT_EQ(next_name(*folder), "");
  proc_close(folder);
}

TEST_F(ProcFileTest, AListingGoesBackToAnyEntryItGave) {
  proc_remove(node_);
  ProcNode* nodes[5];
  for (int i = 1; i < 5; ++i) nodes[i] = proc_mkdir(std::to_string(i), folder_).value();
  ProcFile* const folder = open("/proc/test");
  ProcDirent entries[8];
  ASSERT_EQ(proc_readdir(*folder, entries, 8).value(), 6U);
  proc_remove(nodes[2]);
  proc_seek_behind(*folder, entries[3]);  // "2", which is gone
  for (const char* const name : {"3", "4", ""}) EXPECT_EQ(next_name(*folder), name);
  proc_seek_behind(*folder, entries[2]);
  EXPECT_EQ(next_name(*folder), "3");
  proc_seek_behind(*folder, entries[0]);
  for (const char* const name : {"..", "1", "3"}) EXPECT_EQ(next_name(*folder), name);
  proc_seek_behind(*folder, entries[1]);
  EXPECT_EQ(next_name(*folder), "1");
  proc_close(folder);
}

constexpr ProcLinkOperations kFifteenLinks = {
    [](ProcText& text, std::uint64_t number, void*) {
      text.print("/proc/test/{}", number);
      return number <= 15;
    },
    [](std::uint64_t after, std::uint64_t* numbers, std::size_t max, void*) {
      std::size_t count = 0;
      while (count < max && after < 15) numbers[count++] = ++after;
      return count;
    }};

TEST_F(ProcFileTest, AListingOfLinksGoesBackToo) {
  ASSERT_TRUE(proc_create_links("links", folder_, kFifteenLinks, nullptr).ok());
  ProcFile* const folder = open("/proc/test/links");
  ProcDirent entries[20];
  ASSERT_EQ(proc_readdir(*folder, entries, 20).value(), 17U);
  proc_seek_behind(*folder, entries[11]);
  EXPECT_STREQ(entries[11].name, "10");
  EXPECT_EQ(next_name(*folder), "11");
  proc_seek_behind(*folder, entries[1]);
  EXPECT_EQ(next_name(*folder), "1");
  proc_close(folder);
}

TEST_F(ProcFileTest, WhatWasFoundBeforeIsOpened) {
  const ProcPath found = proc_resolve(ProcPath(), "/proc/test/file", ProcFollow::kYes).value();
  ProcFile* const file = proc_open(found, O_RDONLY).value();
  EXPECT_EQ(read(*file), "made 1 times\n");
  proc_close(file);
  EXPECT_EQ(proc_open(found, O_RDONLY | O_DIRECTORY).error_code(), ENOTDIR);
  const ProcPath folder(proc_get(*folder_));
  EXPECT_EQ(proc_open(folder, O_RDWR).error_code(), EISDIR);
  proc_remove(node_);
  EXPECT_EQ(proc_open(found, O_RDONLY).error_code(), ENOENT);
}

TEST_F(ProcFileTest, WithoutMemoryNothingIsOpened) {
  fault_inject_fail_nth(1);
  open("/proc/test/file", O_RDONLY, ENOMEM);
  EXPECT_TRUE(fault_inject_disarm());
}

TEST_F(ProcFileTest, FilesOfTheParentAreDeadInAChild) {
  ProcFile* const file = open("/proc/test/file");
  ProcFile* const folder = open("/proc/test");
  const int status = in_child([file, folder] {
    EXPECT_EQ(read(*file), "-" + std::to_string(EIO));
    EXPECT_EQ(next_name(*folder), "");
    proc_close(file);
    proc_close(folder);
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read(*file), "made 1 times\n");
  proc_close(file);
  proc_close(folder);
}

}  // namespace
}  // namespace ums::test
