// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "/proc/ums", as other programs see it in a FUSE mount.
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "support/fuse_folder.h"

namespace ums::test {
namespace {

using testing::HasSubstr;

#define EXPECT_ERRNO(call, error) \
  do {                            \
    errno = 0;                    \
    EXPECT_EQ(call, -1);          \
    EXPECT_EQ(errno, error);      \
  } while (false)

Names host_list(const std::string& path) {
  Names names;
  DIR* const folder = opendir(path.c_str());
  EXPECT_NE(folder, nullptr) << path << ": errno " << errno;
  if (folder == nullptr) return names;
  while (const dirent* const entry = readdir(folder)) {
    if (entry->d_name[0] == '.') continue;
    names.emplace_back(entry->d_name);
    const struct stat status = host_stat(path + "/" + entry->d_name);
    EXPECT_EQ(entry->d_ino, status.st_ino) << path << '/' << entry->d_name;
    EXPECT_EQ(DTTOIF(entry->d_type), status.st_mode & S_IFMT) << path << '/' << entry->d_name;
  }
  closedir(folder);
  return names;
}

std::string host_link(const std::string& path) {
  char target[200];
  const ssize_t count = readlink(path.c_str(), target, sizeof target);
  return count < 0 ? errno_text(errno) : std::string(target, target + count);
}

// A scheduler with two workers, both dequeued.
class FuseTree : public FuseTest {
 protected:
  void SetUp() override {
    FuseTest::SetUp();
    if (IsSkipped()) return;
    mount_.emplace(folder_);
    become_scheduler(fd_, list_);
    batch_ = {add(), add()};
    ASSERT_EQ(take_batch(fd_, list_), batch_);
    me_ = std::to_string(thread_id());
    info_ = mounted_root_ + "/workers/" + std::to_string(batch_[0]) + "/info";
    link_ = mounted_root_ + "/schedulers/" + me_ + "/workers/1";
  }
  void TearDown() override {
    if (!batch_.empty()) execute_all(batch_);
    mount_.reset();
    FuseTest::TearDown();
  }

  std::string text() const { return info(batch_[0], "I (idle)", 0); }

  std::optional<ServedMount> mount_;
  Batch batch_;
  std::string me_;
  std::string info_;
  std::string link_;
};

// The folder `path` of /proc/ums and all below it look the same in the mount as in process.
void expect_same(const std::string& path, const std::string& mounted, int& entries) {
  ++entries;
  const struct stat inside = stat_of(path);
  const struct stat outside = host_stat(mounted);
  EXPECT_EQ(outside.st_ino, inside.st_ino) << path;
  EXPECT_EQ(outside.st_mode, inside.st_mode) << path;
  EXPECT_EQ(outside.st_nlink, inside.st_nlink) << path;
  EXPECT_EQ(outside.st_uid, inside.st_uid) << path;
  EXPECT_EQ(outside.st_gid, inside.st_gid) << path;
  EXPECT_EQ(outside.st_blksize, inside.st_blksize) << path;
  if (S_ISLNK(inside.st_mode)) return;
  EXPECT_EQ(outside.st_size, inside.st_size) << path;
  if (S_ISREG(inside.st_mode)) {
    EXPECT_EQ(text_of(mounted), read_file(path));
    return;
  }
  const Names names = list_folder(path);
  EXPECT_EQ(host_list(mounted), names) << path;
  for (const std::string& name : names) {
    expect_same(fmt::format("{}/{}", path, name), fmt::format("{}/{}", mounted, name), entries);
  }
}

TEST_F(FuseTree, IsThatOfTheDoorInProcess) {
  int entries = 0;
  expect_same("/proc/ums", folder_, entries);
  EXPECT_EQ(entries, 13);
  EXPECT_EQ(host_stat(info_).st_mode, 0107777U);
  EXPECT_EQ(host_stat(link_).st_mode, 0120777U);
  EXPECT_EQ(host_stat(folder_).st_mode, 0040555U);
}

TEST_F(FuseTree, LinksLeadIntoTheMount) {
  const std::string target = "../../../workers/" + std::to_string(batch_[0]);
  EXPECT_EQ(host_link(link_), target);
  EXPECT_EQ(host_stat(link_).st_size, static_cast<off_t>(target.size()));
  EXPECT_EQ(text_of(link_ + "/info"), text());
  EXPECT_EQ(run({"readlink", "-f", link_}).output,
            mounted_root_ + "/workers/" + std::to_string(batch_[0]) + "\n");
  execute_all({batch_[0]});
  EXPECT_EQ(host_link(link_), errno_text(ENOENT));
  batch_.erase(batch_.begin());
}

TEST_F(FuseTree, TextsAreReadInParts) {
  const int fd = open(info_.c_str(), O_RDONLY);
  std::string parts;
  char part[100];
  for (ssize_t count = 1; count > 0; parts.append(part, part + count)) {
    count = read(fd, part, 3);
    ASSERT_GE(count, 0) << errno;
  }
  EXPECT_EQ(parts, text());
  EXPECT_EQ(read(fd, part, 1), 0);
  EXPECT_EQ(pread(fd, part, sizeof part, 5), static_cast<ssize_t>(text().size() - 5));
  EXPECT_EQ(std::string(part, text().size() - 5), text().substr(5));
  EXPECT_EQ(pread(fd, part, 1, 1000), 0);
  pollfd ready{fd, POLLIN | POLLPRI | POLLOUT, 0};
  EXPECT_EQ(poll(&ready, 1, 0), 1);
  EXPECT_EQ(ready.revents, 5);
  close(fd);
}

TEST_F(FuseTree, NothingIsWritten) {
  const int fd = open(info_.c_str(), O_RDWR | O_TRUNC | O_CREAT, 0666);
  ASSERT_GE(fd, 0) << errno;
  EXPECT_ERRNO(write(fd, "x", 1), EIO);
  EXPECT_EQ(ftruncate(fd, 0), 0);
  EXPECT_ERRNO(fsync(fd), EINVAL);
  EXPECT_EQ(host_stat(info_).st_mode, 0107777U) << "the set-user-id bit is gone";
  EXPECT_EQ(host_stat(info_).st_size, 0);
  close(fd);
  EXPECT_EQ(text_of(info_), text());
}

TEST_F(FuseTree, ModesAreSet) {
  EXPECT_EQ(chown(info_.c_str(), geteuid(), getegid()), 0);
  EXPECT_EQ(truncate(info_.c_str(), 0), 0);
  EXPECT_EQ(host_stat(info_).st_mode, 0107777U) << "the set-user-id bit is gone";
  EXPECT_EQ(chmod(info_.c_str(), 0640), 0);
  EXPECT_EQ(host_stat(info_).st_mode, 0100640U);
  EXPECT_EQ(stat_of(worker_path(batch_[0]) + "/info").st_mode, 0100640U);
  EXPECT_EQ(chmod(info_.c_str(), 0), 0);
  EXPECT_EQ(text_of(info_), text()) << "modes keep nobody out";
  if (geteuid() == 0) return;
  EXPECT_ERRNO(chown(info_.c_str(), 0, 0), EPERM);
}

TEST_F(FuseTree, NothingIsMadeOrRemoved) {
  const std::string none = mounted_root_ + "/none";
  EXPECT_ERRNO(open(none.c_str(), O_RDWR | O_CREAT, 0666), ENOENT);
  EXPECT_ERRNO(open(info_.c_str(), O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
  EXPECT_ERRNO(open(info_.c_str(), O_RDONLY | O_DIRECTORY), ENOTDIR);
  EXPECT_ERRNO(open(link_.c_str(), O_RDONLY | O_NOFOLLOW), ELOOP);
  EXPECT_ERRNO(open(mounted_root_.c_str(), O_RDWR), EISDIR);
  EXPECT_ERRNO(mkdir(none.c_str(), 0777), ENOENT);
  EXPECT_ERRNO(mkdir(mounted_root_.c_str(), 0777), EEXIST);
  EXPECT_ERRNO(mkfifo(none.c_str(), 0777), ENOENT);
  EXPECT_ERRNO(symlink("x", none.c_str()), ENOENT);
  EXPECT_ERRNO(link(info_.c_str(), none.c_str()), ENOENT);
  EXPECT_ERRNO(unlink(info_.c_str()), EPERM);
  EXPECT_ERRNO(unlink(none.c_str()), ENOENT);
  EXPECT_ERRNO(rmdir(mounted_root_.c_str()), EPERM);
  EXPECT_ERRNO(rename(info_.c_str(), none.c_str()), EPERM);
  EXPECT_ERRNO(unlink(link_.c_str()), EPERM);
  EXPECT_EQ(text_of(none), errno_text(ENOENT));
}

TEST_F(FuseTree, TheRestIsAsInProc) {
  struct statfs status {};
  ASSERT_EQ(statfs(info_.c_str(), &status), 0);
  EXPECT_EQ(status.f_namelen, 255);
  EXPECT_EQ(status.f_bsize, 4096);
  EXPECT_EQ(status.f_blocks, 0U);
  char value[8];
  EXPECT_ERRNO(getxattr(info_.c_str(), "user.x", value, sizeof value), EOPNOTSUPP);
  EXPECT_ERRNO(access(info_.c_str(), X_OK), EACCES);  // noexec
  const time_t changed = host_stat(info_).st_mtime;
  EXPECT_GT(changed, 0);
  EXPECT_EQ(host_stat(info_).st_mtime, changed);
}

TEST_F(FuseTree, ProgramsFindTheirWay) {
  const Outcome list = run({"ls", "-lR", folder_});
  EXPECT_EQ(list.status, 0) << list.errors;
  EXPECT_THAT(list.output, HasSubstr("-rwsrwsrwt 1 "));
  EXPECT_THAT(list.output, HasSubstr("1 -> ../../../workers/" + std::to_string(batch_[0])));
  EXPECT_THAT(list.output, HasSubstr("2 -> ../../../workers/" + std::to_string(batch_[1])));
  const Outcome found = run({"find", "-L", folder_, "-name", "info"});
  EXPECT_EQ(found.status, 0) << found.errors;
  EXPECT_EQ(std::count(found.output.begin(), found.output.end(), '\n'), 5) << found.output;
  EXPECT_EQ(run({"cat", info_, link_ + "/info"}).output, text() + text());
  EXPECT_EQ(run({"dd", "bs=1", "if=" + info_}).output, text());
  EXPECT_EQ(run({"sh", "-c", "cd " + link_ + " && pwd -P && cat info"}).output,
            std::filesystem::path(info_).parent_path().string() + "\n" + text());
  const std::string copy = folder_ + ".copy";
  const Outcome copied = run({"cp", "-r", folder_, copy});
  EXPECT_EQ(copied.status, 0) << copied.errors;
  EXPECT_EQ(text_of(copy + info_.substr(folder_.size())), text());
  EXPECT_EQ(run({"chmod", "-R", "u+w", copy}).status, 0);
  std::filesystem::remove_all(copy);
}

TEST_F(FuseTree, LinuxRemembersNothing) {
  EXPECT_EQ(host_stat(info_).st_mode, 0107777U);
  EXPECT_EQ(host_stat(folder_).st_nlink, 3U);
  EXPECT_EQ(ums_proc_chmod((worker_path(batch_[0]) + "/info").c_str(), 0600), 0);
  EXPECT_EQ(host_stat(info_).st_mode, 0100600U);
  const int other = dev_open_elsewhere();
  EXPECT_EQ(host_stat(folder_).st_nlink, 4U);
  EXPECT_EQ(dev_close(other), 0);
  execute_all({batch_[0]});
  workers_[0].reset();  // has left by now
  batch_.erase(batch_.begin());
  struct stat status {};
  EXPECT_ERRNO(lstat(info_.c_str(), &status), ENOENT);
  EXPECT_ERRNO(lstat(link_.c_str(), &status), ENOENT);
}

TEST_F(FuseTree, WhatIsHeldAcrossRemoval) {
  const std::string worker = std::filesystem::path(info_).parent_path();
  const int file = open(info_.c_str(), O_RDONLY);
  const int unread = open(info_.c_str(), O_RDONLY);
  const int folder = open(worker.c_str(), O_RDONLY);
  char byte;
  EXPECT_EQ(read(file, &byte, 1), 1);
  execute_all({batch_[0]});
  workers_[0].reset();  // has left by now
  batch_.erase(batch_.begin());
  EXPECT_ERRNO(read(file, &byte, 1), EIO);
  EXPECT_ERRNO(read(unread, &byte, 1), EIO);
  EXPECT_ERRNO(open(info_.c_str(), O_RDONLY), ENOENT);
  EXPECT_ERRNO(openat(folder, "info", O_RDONLY), ENOENT);
  struct stat status {};
  EXPECT_EQ(fstat(file, &status), 0);
  EXPECT_EQ(host_list("/proc/self/fd/" + std::to_string(folder)), Names{});
  for (const int fd : {file, unread, folder}) close(fd);
}

}  // namespace
}  // namespace ums::test
