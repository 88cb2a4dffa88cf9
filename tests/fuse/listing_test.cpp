// SPDX-License-Identifier: Apache-2.0
//
// Listings of a FUSE mount while entries come and go, by getdents64 with a buffer for two entries:
// so Linux asks anew from the place of each second one.
#include <fmt/core.h>
#include <sys/syscall.h>

#include <optional>

#include "procfs_emul/proc_path.h"
#include "support/fuse_folder.h"

namespace ums::test {
namespace {

using kernel::ProcNode;

struct Entry {
  std::string name;
  off_t behind;  // its d_off
};

class FuseListing : public FuseTest {
 protected:
  void SetUp() override {
    FuseTest::SetUp();
    if (IsSkipped()) return;
    const kernel::ProcPath root =
        kernel::proc_resolve(kernel::ProcPath(), "/proc/ums", kernel::ProcFollow::kNo).value();
    test_ = kernel::proc_mkdir("test", &root.node()).value();
    mount_.emplace(folder_);
  }
  void TearDown() override {
    if (opened_ >= 0) close(opened_);
    mount_.reset();
    kernel::proc_remove(test_);
    FuseTest::TearDown();
  }

  ProcNode* make(int number) { return kernel::proc_mkdir(std::to_string(number), test_).value(); }

  void open_listing(const std::string& name) {
    opened_ = open((folder_ + "/" + name).c_str(), O_RDONLY | O_DIRECTORY);
    ASSERT_GE(opened_, 0) << errno;
  }

  // The next entries, at most two.
  std::vector<Entry> next() const {
    alignas(dirent64) char buffer[64];
    const long count = syscall(SYS_getdents64, opened_, buffer, sizeof buffer);
    EXPECT_GE(count, 0) << errno;
    std::vector<Entry> entries;
    for (long at = 0; at < count;) {
      const auto& entry = *reinterpret_cast<const dirent64*>(buffer + at);
      entries.push_back({entry.d_name, entry.d_off});
      at += entry.d_reclen;
    }
    return entries;
  }

  // Names until `last`, or to the end.
  Names names(const std::string& last = "") {
    Names found;
    for (std::vector<Entry> entries = next(); !entries.empty(); entries = next()) {
      for (const Entry& entry : entries) {
        found.push_back(entry.name);
        behind_[entry.name] = entry.behind;
      }
      if (found.back() == last) break;
    }
    return found;
  }

  Names names_behind(const std::string& name) {
    EXPECT_GT(lseek(opened_, behind_[name], SEEK_SET), 0);
    return names();
  }

  ProcNode* test_ = nullptr;
  std::optional<ServedMount> mount_;
  int opened_ = -1;
  std::map<std::string, off_t> behind_;
};

TEST_F(FuseListing, ManyEntriesComeOnceAndInOrder) {
  Names expected = {".", ".."};
  for (int i = 1; i <= 1000; ++i) {
    make(i);
    expected.push_back(std::to_string(i));
  }
  open_listing("test");
  EXPECT_EQ(names(), expected);
  EXPECT_EQ(lseek(opened_, 0, SEEK_SET), 0);
  EXPECT_EQ(names(), expected);
}

TEST_F(FuseListing, PlacesSurviveChanges) {
  ProcNode* nodes[20] = {};
  for (int i = 10; i < 20; ++i) nodes[i] = make(i);
  open_listing("test");
  EXPECT_EQ(names("13"), (Names{".", "..", "10", "11", "12", "13"}));
  kernel::proc_remove(nodes[10]);  // given
  kernel::proc_remove(nodes[13]);  // given last
  kernel::proc_remove(nodes[14]);  // next
  kernel::proc_remove(nodes[19]);  // the last
  make(9);                         // before all
  make(100);
  EXPECT_EQ(names(), (Names{"15", "16", "17", "18", "100"}));
  EXPECT_EQ(names_behind("13"), (Names{"15", "16", "17", "18", "100"}));
  EXPECT_EQ(names_behind("10"), (Names{"11", "12", "15", "16", "17", "18", "100"}));
  EXPECT_EQ(names_behind("17"), (Names{"18", "100"}));
  EXPECT_EQ(names_behind(".."), (Names{"9", "11", "12", "15", "16", "17", "18", "100"}));
  EXPECT_EQ(names_behind("100"), Names{});
}

TEST_F(FuseListing, APlaceThatWasNotGivenIsNone) {
  make(1);
  open_listing("test");
  EXPECT_EQ(lseek(opened_, 77, SEEK_SET), 77);
  char buffer[64];
  EXPECT_EQ(syscall(SYS_getdents64, opened_, buffer, sizeof buffer), -1);
  EXPECT_EQ(errno, EINVAL);
}

TEST_F(FuseListing, AFolderThatIsRemovedListsNothingMore) {
  for (int i = 1; i <= 4; ++i) make(i);
  open_listing("test");
  EXPECT_EQ(names("2"), (Names{".", "..", "1", "2"}));
  kernel::proc_remove(test_);
  test_ = nullptr;
  EXPECT_EQ(names(), Names{});
}

TEST_F(FuseListing, LinksKeepTheirPlacesToo) {
  become_scheduler(fd_, list_);
  Batch batch;
  for (int i = 0; i < 7; ++i) batch.push_back(add());
  ASSERT_EQ(take_batch(fd_, list_), batch);
  const std::string me = std::to_string(thread_id());
  open_listing(me + "/schedulers/" + me + "/workers");
  EXPECT_EQ(names("4"), (Names{".", "..", "1", "2", "3", "4"}));
  execute_all({batch[3], batch[4]});
  EXPECT_EQ(names(), (Names{"6", "7"}));
  EXPECT_EQ(names_behind("2"), (Names{"3", "6", "7"}));
  execute_all({batch[0], batch[1], batch[2], batch[5], batch[6]});
}

TEST_F(FuseListing, LinksOfAllKinds) {
  ProcNode* const inner = kernel::proc_mkdir("inner", test_).value();
  const std::pair<const char*, const char*> links[] = {
      {"/proc/ums/test/inner", "."},  {"/proc/ums/test", "../."},
      {"/proc/ums", "../../."},       {"/proc/ums/test/x/y", "../x/y"},
      {"/proc/ums/tes", "../../tes"}, {"/proc/ums/test/innerx", "../innerx"},
      {"/proc/umsx", "/proc/umsx"},   {"/etc/passwd", "/etc/passwd"},
      {"../inner", "../inner"}};
  int number = 0;
  for (const auto& [target, expected] : links) {
    const std::string name = fmt::format("link{}", ++number);
    ASSERT_TRUE(kernel::proc_symlink(name, inner, target).ok());
    const std::string path = folder_ + "/test/inner/" + name;
    EXPECT_EQ(std::filesystem::read_symlink(path), expected) << target;
    EXPECT_EQ(host_stat(path).st_size, static_cast<off_t>(std::strlen(expected))) << target;
  }
}

}  // namespace
}  // namespace ums::test
