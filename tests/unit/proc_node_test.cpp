// SPDX-License-Identifier: Apache-2.0
#include "procfs_emul/proc_node.h"

#include <sys/stat.h>
#include <unistd.h>

#include "procfs_emul/proc_path.h"
#include "sim_kernel/mm/fault_inject.h"
#include "support/proc_folder.h"

namespace ums::test {
namespace {

using namespace ums::kernel;
using Names = std::vector<std::string>;

constexpr ProcFileOperations kHello = {[](ProcText& text, void*) { text.print("hello\n"); }};

// Links 2, 3 and 11 to what `data` says.
constexpr ProcLinkOperations kLinks = {
    [](ProcText& text, std::uint64_t number, void* data) {
      if (number != 2 && number != 3 && number != 11) return false;
      text.print("{}", static_cast<const char*>(data));
      return true;
    },
    [](std::uint64_t after, std::uint64_t* numbers, std::size_t max, void*) {
      std::size_t count = 0;
      for (const std::uint64_t number : {2U, 3U, 11U}) {
        if (number > after && count < max) numbers[count++] = number;
      }
      return count;
    }};

class ProcNodeTest : public ProcFolderTest {
 protected:
  // proc_resolve from /proc, or from `base`.
  static int resolve(std::string_view path, ProcFollow follow = ProcFollow::kYes,
                     const ProcPath& base = ProcPath()) {
    return proc_resolve(base, path, follow).error_code();
  }
  static ProcPath at(std::string_view path, ProcFollow follow = ProcFollow::kYes) {
    return proc_resolve(ProcPath(), path, follow).value();
  }
  static ProcStat stat_of(std::string_view path, ProcFollow follow = ProcFollow::kNo) {
    return proc_stat(at(path, follow)).value();
  }
};

TEST_F(ProcNodeTest, NamesAreListedByLengthAndThenByBytes) {
  for (const char* const name : {"10", "9", "schedulers", "100", "2", "b", "B", "11"}) {
    ASSERT_TRUE(proc_mkdir(name, folder_).ok());
  }
  EXPECT_EQ(names("/proc/test"), (Names{"2", "9", "B", "b", "10", "11", "100", "schedulers"}));
}

TEST_F(ProcNodeTest, ANameIsThereOnce) {
  ASSERT_TRUE(proc_mkdir("a", folder_).ok());
  EXPECT_EQ(proc_mkdir("a", folder_).error_code(), EEXIST);
  EXPECT_EQ(proc_create("a", 0444, folder_, kHello, nullptr).error_code(), EEXIST);
  EXPECT_EQ(proc_symlink("a", folder_, "/proc/test").error_code(), EEXIST);
}

TEST_F(ProcNodeTest, StatShowsKindsModesSizesAndLinkCounts) {
  ProcNode* const below = proc_mkdir("folder", folder_).value();
  ProcNode* const a = proc_mkdir("a", below).value();
  ASSERT_TRUE(proc_mkdir("b", below).ok());
  ASSERT_TRUE(proc_create("file", 07777, folder_, kHello, nullptr).ok());
  ASSERT_TRUE(proc_symlink("link", folder_, "/proc/test/file").ok());

  EXPECT_EQ(stat_of("/proc/test/folder").mode, 0040555U);
  EXPECT_EQ(stat_of("/proc/test/folder").nlink, 4U);
  EXPECT_EQ(stat_of("/proc/test").nlink, 3U);
  EXPECT_EQ(stat_of("/proc/test/file").mode, 0107777U);
  EXPECT_EQ(stat_of("/proc/test/file").nlink, 1U);
  EXPECT_EQ(stat_of("/proc/test/file").size, 0U);
  EXPECT_EQ(stat_of("/proc/test/link").mode, 0120777U);
  EXPECT_EQ(stat_of("/proc/test/link").size, 15U);
  EXPECT_EQ(stat_of("/proc/test/file").uid, geteuid());
  EXPECT_EQ(stat_of("/proc/test/file").gid, getegid());
  proc_remove(a);
  EXPECT_EQ(stat_of("/proc/test/folder").nlink, 3U);
}

TEST_F(ProcNodeTest, InodeNumbersAreStableAndNotUsedTwice) {
  ASSERT_TRUE(proc_create("a", 0444, folder_, kHello, nullptr).ok());
  ProcNode* const b = proc_create("b", 0444, folder_, kHello, nullptr).value();
  const std::uint64_t first = stat_of("/proc/test/a").ino;
  const std::uint64_t second = stat_of("/proc/test/b").ino;
  EXPECT_NE(first, second);
  proc_remove(b);
  ASSERT_TRUE(proc_create("b", 0444, folder_, kHello, nullptr).ok());
  EXPECT_EQ(stat_of("/proc/test/a").ino, first);
  EXPECT_NE(stat_of("/proc/test/b").ino, second);
}

TEST_F(ProcNodeTest, ResolvesDotsSlashesAndRelativePaths) {
  ProcNode* const below = proc_mkdir("b", folder_).value();
  ASSERT_TRUE(proc_create("file", 0444, below, kHello, nullptr).ok());
  for (const char* const path :
       {"/proc/test/b/file", "//proc///test//b/./file", "/proc/test/b/../b/file", "test/b/file"}) {
    EXPECT_EQ(resolve(path), 0) << path;
  }
  const ProcPath b = at("/proc/test/b");
  EXPECT_EQ(resolve("file", ProcFollow::kYes, b), 0);
  EXPECT_EQ(resolve("../b/", ProcFollow::kYes, b), 0);
  EXPECT_EQ(resolve("/proc/test/b/file/"), ENOTDIR);
  EXPECT_EQ(resolve("/proc/test/b/file/.."), ENOTDIR);
  EXPECT_EQ(resolve("/proc/test/none"), ENOENT);
  EXPECT_EQ(resolve("/proc/test/none/file"), ENOENT);
  EXPECT_EQ(resolve(""), ENOENT);
  EXPECT_EQ(resolve("/proc/test/" + std::string(255, 'x')), ENOENT);
  EXPECT_EQ(resolve("/proc/test/" + std::string(256, 'x')), ENAMETOOLONG);
  EXPECT_EQ(resolve("/proc/test/" + std::string(5000, '/')), ENAMETOOLONG);
}

TEST_F(ProcNodeTest, WhatLeavesTheTreeIsTheHosts) {
  for (const char* const path : {"/proc", "/proc/", "/proc/self/stat", "/proc/test/..", "/",
                                 "/procs/test", "/etc/passwd", "/proc/test/../../etc"}) {
    EXPECT_EQ(resolve(path), EXDEV) << path;
  }
  EXPECT_EQ(resolve("/proc/test/../test"), 0);
}

TEST_F(ProcNodeTest, FollowsLinksInsideTheTree) {
  ProcNode* const below = proc_mkdir("b", folder_).value();
  ProcNode* const file = proc_create("file", 0444, below, kHello, nullptr).value();
  ASSERT_TRUE(proc_symlink("absolute", folder_, "/proc/test/b").ok());
  ASSERT_TRUE(proc_symlink("relative", folder_, "b/file").ok());
  ASSERT_TRUE(proc_symlink("again", folder_, "absolute").ok());
  ASSERT_TRUE(proc_symlink("loop", folder_, "loop").ok());
  ASSERT_TRUE(proc_symlink("lost", folder_, "/proc/test/none").ok());
  ASSERT_TRUE(proc_symlink("out", folder_, "/etc").ok());

  for (const char* const path :
       {"/proc/test/absolute/file", "/proc/test/relative", "/proc/test/again/file"}) {
    EXPECT_EQ(&at(path).node(), file) << path;
  }
  EXPECT_EQ(&at("/proc/test/again/../b").node(), below);  // ".." is that of the target
  EXPECT_EQ(&at("/proc/test/absolute/").node(), below);
  EXPECT_EQ(&at("/proc/test/absolute").node(), below);
  EXPECT_TRUE(at("/proc/test/absolute", ProcFollow::kNo).is_symlink());
  EXPECT_EQ(resolve("/proc/test/loop"), ELOOP);
  EXPECT_EQ(resolve("/proc/test/loop", ProcFollow::kNo), 0);
  EXPECT_EQ(resolve("/proc/test/lost"), ENOENT);
  EXPECT_EQ(resolve("/proc/test/out"), EXDEV);
}

TEST_F(ProcNodeTest, ComputedLinksAreNumbers) {
  ProcNode* const file = proc_create("file", 0444, folder_, kHello, nullptr).value();
  char target[] = "/proc/test/file";
  ASSERT_TRUE(proc_create_links("links", folder_, kLinks, target).ok());
  EXPECT_EQ(names("/proc/test/links"), (Names{"2", "3", "11"}));
  EXPECT_EQ(stat_of("/proc/test/links").nlink, 2U);
  EXPECT_EQ(stat_of("/proc/test/links/11").mode, 0120777U);
  EXPECT_EQ(stat_of("/proc/test/links/11").size, 15U);
  EXPECT_EQ(&at("/proc/test/links/3").node(), file);
  ProcText text;
  EXPECT_EQ(proc_readlink(at("/proc/test/links/3", ProcFollow::kNo), text).error_code(), 0);
  EXPECT_EQ(text.view(), target);
  for (const char* const none : {"0", "1", "02", "2x", "x", "-2", "99999999999999999999"}) {
    EXPECT_EQ(resolve(std::string("/proc/test/links/") + none), ENOENT) << none;
  }
  EXPECT_EQ(resolve("/proc/test/links/../file"), 0);
}

TEST_F(ProcNodeTest, KnowsTheAbsolutePath) {
  ProcNode* const below = proc_mkdir("b", folder_).value();
  char target[] = "/proc/test";
  ASSERT_TRUE(proc_create_links("links", below, kLinks, target).ok());
  const ProcPath link = at("/proc/test/b/links/11", ProcFollow::kNo);
  ProcText text;
  EXPECT_EQ(proc_absolute(link, text).error_code(), 0);
  EXPECT_EQ(text.view(), "/proc/test/b/links/11");
  proc_remove(below);
  EXPECT_EQ(proc_absolute(link, text).error_code(), ENOENT);
}

TEST_F(ProcNodeTest, RemovesWhatIsBelow) {
  ProcNode* const a = proc_mkdir("a", folder_).value();
  ProcNode* const b = proc_mkdir("b", a).value();
  ASSERT_TRUE(proc_create("file", 0444, b, kHello, nullptr).ok());
  const ProcPath held = at("/proc/test/a/b");
  proc_remove(a);
  EXPECT_EQ(resolve("/proc/test/a/b/file"), ENOENT);
  EXPECT_TRUE(proc_is_removed(held.node()));
  EXPECT_EQ(resolve("file", ProcFollow::kYes, held), ENOENT);
  EXPECT_EQ(resolve("..", ProcFollow::kYes, held), ENOENT);
  EXPECT_EQ(resolve(".", ProcFollow::kYes, held), ENOENT);
  EXPECT_EQ(proc_mkdir("c", &held.node()).error_code(), ENOENT);
  EXPECT_EQ(proc_stat(held).value().mode, 0040555U);
  proc_remove(&held.node());  // once more: nothing
  EXPECT_EQ(names("/proc/test"), Names{});
}

TEST_F(ProcNodeTest, ChmodIsShownAndNothingElseCanBeChanged) {
  ASSERT_TRUE(proc_create("file", 07777, folder_, kHello, nullptr).ok());
  ASSERT_TRUE(proc_symlink("link", folder_, "file").ok());
  EXPECT_TRUE(proc_chmod(at("/proc/test/link"), 0100640).ok());
  EXPECT_EQ(stat_of("/proc/test/file").mode, 0100640U);
  EXPECT_EQ(proc_chmod(at("/proc/test/link", ProcFollow::kNo), 0).error_code(), EOPNOTSUPP);
  EXPECT_EQ(proc_unlink(ProcPath(), "/proc/test/file").code, EPERM);
  EXPECT_EQ(proc_unlink(ProcPath(), "/proc/test/none").code, ENOENT);
  EXPECT_EQ(proc_make(ProcPath(), "/proc/test/file").code, EEXIST);
  EXPECT_EQ(proc_make(ProcPath(), "/proc/test/none").code, ENOENT);
}

TEST_F(ProcNodeTest, WithoutMemoryNothingIsMade) {
  int failures = 0;
  for (unsigned nth = 1;; ++nth) {
    fault_inject_fail_nth(nth);
    const int error = proc_symlink("link", folder_, "/proc/test").error_code();
    if (!fault_inject_disarm()) break;
    EXPECT_EQ(error, ENOMEM);
    EXPECT_EQ(names("/proc/test"), Names{});
    ++failures;
  }
  EXPECT_EQ(failures, 2);  // the node and the target
  EXPECT_EQ(names("/proc/test"), Names{"link"});
}

TEST_F(ProcNodeTest, AForkBeginsAnEmptyTree) {
  ASSERT_TRUE(proc_create("file", 0444, folder_, kHello, nullptr).ok());
  const ProcPath held = at("/proc/test/file");
  const int status = in_child([this, &held] {
    EXPECT_EQ(resolve("/proc/test"), EXDEV);
    EXPECT_TRUE(proc_is_removed(held.node()));
    proc_remove(folder_);  // the parent's
    EXPECT_TRUE(proc_mkdir("test", nullptr).ok());
    EXPECT_EQ(names("/proc/test"), Names{});
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(names("/proc/test"), Names{"file"});
}

}  // namespace
}  // namespace ums::test
