// SPDX-License-Identifier: Apache-2.0
//
// What programs of a kernel process find at /proc/ums and /dev/ums by their paths: behaviour.md,
// "/proc/ums" and "Device file".
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "support/server/served.h"
#include "support/server/ums_tree.h"

namespace ums::test {
namespace {

void serve(const std::function<void(UmsTree&)>& body) {
  EXPECT_EQ(served([&body] {
              UmsTree tree;
              body(tree);
            }),
            0);
}

int open_path(const std::string& path, int flags = O_RDONLY) {
  return or_errno(open(path.c_str(), flags));
}

std::string read_all(int fd) {
  std::array<char, 256> text;
  const ssize_t count = read(fd, text.data(), text.size());
  return count >= 0 ? std::string(text.data(), static_cast<std::size_t>(count))
                    : fmt::format("errno {}", errno);
}

std::string read_path(const std::string& path) {
  const int fd = open_path(path);
  if (fd < 0) return fmt::format("errno {}", -fd);
  std::string text = read_all(fd);
  close(fd);
  return text;
}

struct stat stat_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(or_errno(lstat(path.c_str(), &status)), 0) << path;
  return status;
}

std::string link_at(const std::string& path) {
  std::array<char, PATH_MAX> text;
  const ssize_t length = readlink(path.c_str(), text.data(), text.size());
  return length >= 0 ? std::string(text.data(), static_cast<std::size_t>(length))
                     : fmt::format("errno {}", errno);
}

// A folder of the host, with a link `to`.
class LinkFolder {
 public:
  explicit LinkFolder(const std::string& target) {
    EXPECT_NE(mkdtemp(path_), nullptr);
    EXPECT_EQ(or_errno(symlink(target.c_str(), to().c_str())), 0);
  }
  ~LinkFolder() {
    unlink(to().c_str());
    rmdir(path_);
  }
  LinkFolder(const LinkFolder&) = delete;
  LinkFolder& operator=(const LinkFolder&) = delete;

  std::string path() const { return path_; }
  std::string to() const { return path() + "/to"; }

 private:
  char path_[32] = "/tmp/ums-paths-XXXXXX";
};

// "Folders 0555; info regular file, mode 0107777 [...] size 0; links 0120777, absolute target, size
// = its length. [...] Link counts: a folder 2 + its subfolders, info 1."
TEST(Paths, EntriesLookAsTheSpecSays) {
  serve([](UmsTree& tree) {
    const struct stat folder = stat_of(tree.folder());
    EXPECT_EQ(folder.st_mode, mode_t{S_IFDIR | 0555});
    EXPECT_EQ(folder.st_nlink, 4U);
    EXPECT_EQ(folder.st_uid, geteuid());
    EXPECT_EQ(folder.st_dev, stat_of("/proc").st_dev);
    const struct stat info = stat_of(tree.worker_info());
    EXPECT_EQ(info.st_mode, mode_t{S_IFREG | 07777});
    EXPECT_EQ(info.st_size, 0);
    EXPECT_EQ(info.st_nlink, 1U);
    const struct stat link = stat_of(tree.link());
    EXPECT_EQ(link.st_mode, mode_t{S_IFLNK | 0777});
    EXPECT_EQ(link_at(tree.link()), tree.worker_folder());
    EXPECT_EQ(link.st_size, static_cast<off_t>(tree.worker_folder().size()));
    struct statx status {};
    EXPECT_EQ(statx(AT_FDCWD, tree.link().c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status),
              0);
    EXPECT_EQ(status.stx_ino, link.st_ino);
    EXPECT_EQ(status.stx_mode, link.st_mode);
    EXPECT_EQ(statx(AT_FDCWD, tree.link().c_str(), 0, STATX_BASIC_STATS, &status), 0);
    EXPECT_EQ(status.stx_ino, stat_of(tree.worker_folder()).st_ino);
  });
}

TEST(Paths, TextsAreRead) {
  serve([](UmsTree& tree) {
    EXPECT_EQ(read_path(tree.worker_info()), tree.worker_text());
    EXPECT_EQ(read_path(tree.link() + "/info"), tree.worker_text());
    EXPECT_EQ(read_path("/proc/ums/../version"), read_path("/proc/version"));
    EXPECT_EQ(read_path(tree.link() + "/../../../../version"), read_path("/proc/version"));
    EXPECT_EQ(read_path("/dev/../proc//./ums/" + tree.worker_info().substr(10)),
              tree.worker_text());
  });
}

// "Reading in parts and pread work, end of file 0"; "[server] The text is fixed when info is
// opened"
TEST(Paths, TextIsFixedAtTheOpen) {
  serve([](UmsTree& tree) {
    const std::string info = tree.worker_info();
    const int fd = open_path(info);
    tree.end_worker();
    EXPECT_EQ(open_path(info), -ENOENT);
    const std::string text = read_all(fd);
    EXPECT_NE(text.find("State:\tI (idle)"), std::string::npos) << text;
    EXPECT_EQ(read_all(fd), "") << "the end";
    char part[4];
    EXPECT_EQ(pread(fd, part, sizeof part, 1), 4);
    EXPECT_EQ(std::string(part, 4), "id:\t");
    EXPECT_EQ(stat_of(fmt::format("/proc/self/fd/{}", fd)).st_mode & S_IFMT, mode_t{S_IFLNK});
    struct stat status {};
    EXPECT_EQ(fstat(fd, &status), 0);
    EXPECT_EQ(status.st_mode, mode_t{S_IFREG | 07777}) << "as an open file that was unlinked";
    close(fd);
  });
}

// "Opening info for writing succeeds, and so does chmod."
TEST(Paths, NobodyWrites) {
  serve([](UmsTree& tree) {
    for (const int flags : {O_WRONLY, O_RDWR, O_RDWR | O_TRUNC, O_WRONLY | O_APPEND}) {
      const int fd = open_path(tree.worker_info(), flags);
      ASSERT_GE(fd, 0) << flags;
      EXPECT_EQ(or_errno(write(fd, "x", 1)), -EPERM);
      EXPECT_EQ(or_errno(ftruncate(fd, 1)), -EPERM);
      EXPECT_EQ(mmap(nullptr, 1, PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
      close(fd);
    }
    EXPECT_EQ(chmod(tree.worker_info().c_str(), 0640), 0);
    EXPECT_EQ(stat_of(tree.worker_info()).st_mode, mode_t{S_IFREG | 0640});
    const int fd = open_path(tree.worker_info());
    EXPECT_EQ(fchmod(fd, 07777), 0);
    EXPECT_EQ(stat_of(tree.worker_info()).st_mode, mode_t{S_IFREG | 07777});
    EXPECT_EQ(or_errno(chmod("/dev/ums", 0600)), -EPERM);
    close(fd);
  });
}

// "unlink EPERM, creating files or folders ENOENT"
TEST(Paths, NobodyMakesOrRemoves) {
  serve([](UmsTree& tree) {
    const std::string info = tree.worker_info();
    const std::string other = tree.folder() + "/other";
    EXPECT_EQ(or_errno(unlink(info.c_str())), -EPERM);
    EXPECT_EQ(or_errno(rmdir(tree.folder().c_str())), -EPERM);
    EXPECT_EQ(or_errno(unlink(other.c_str())), -ENOENT);
    EXPECT_EQ(or_errno(mkdir(other.c_str(), 0777)), -ENOENT);
    EXPECT_EQ(or_errno(mkdir(info.c_str(), 0777)), -EEXIST);
    EXPECT_EQ(or_errno(symlink("a", other.c_str())), -ENOENT);
    EXPECT_EQ(or_errno(mkfifo(other.c_str(), 0600)), -ENOENT);
    EXPECT_EQ(open_path(other, O_CREAT | O_WRONLY), -ENOENT);
    EXPECT_EQ(open_path(info, O_CREAT | O_EXCL), -EEXIST);
    EXPECT_EQ(or_errno(creat(other.c_str(), 0600)), -ENOENT);
    EXPECT_EQ(or_errno(rename(info.c_str(), "/tmp/other")), -EXDEV);
    EXPECT_EQ(or_errno(rename("/tmp", info.c_str())), -EXDEV);
    EXPECT_EQ(or_errno(link(info.c_str(), "/tmp/other")), -EXDEV);
    EXPECT_EQ(or_errno(chown(info.c_str(), 1, 1)), -EPERM);
    EXPECT_EQ(or_errno(execl(info.c_str(), "a", nullptr)), -EACCES);
    EXPECT_EQ(or_errno(execl("/proc/ums", "a", nullptr)), -EACCES);
    EXPECT_EQ(or_errno(open(info.c_str(), O_TMPFILE | O_RDWR, 0600)), -ENOTDIR);
  });
}

TEST(Paths, OpenFailsAsOnLinux) {
  serve([](UmsTree& tree) {
    EXPECT_EQ(open_path(tree.folder(), O_WRONLY), -EISDIR);
    EXPECT_EQ(open_path(tree.folder(), O_CREAT), -EISDIR);
    EXPECT_EQ(open_path(tree.worker_info(), O_DIRECTORY), -ENOTDIR);
    EXPECT_EQ(open_path(tree.worker_info() + "/"), -ENOTDIR);
    EXPECT_EQ(open_path(tree.worker_info() + "/x"), -ENOTDIR);
    EXPECT_EQ(open_path(tree.link(), O_NOFOLLOW), -ELOOP);
    EXPECT_EQ(open_path("/proc/ums/" + std::string(300, 'x')), -ENAMETOOLONG);
    EXPECT_EQ(open_path("/proc/ums" + std::string(PATH_MAX, '/')), -ENAMETOOLONG);
    EXPECT_EQ(open_path("/dev/ums/"), -ENOTDIR);
    EXPECT_EQ(open_path("/dev/ums/x"), -ENOTDIR);
    EXPECT_EQ(open_path("/dev/ums", O_CREAT | O_EXCL), -EEXIST);
    EXPECT_EQ(open_path("/proc/umsx"), -ENOENT);
    EXPECT_EQ(open_path("/ums"), -ENOENT);
    EXPECT_EQ(open_path("/tmp/proc/ums"), -ENOENT);
  });
}

TEST(Paths, OpenAt2) {
  serve([](UmsTree& tree) {
    const auto open2 = [](const std::string& path, open_how how, std::size_t bytes) {
      return or_errno(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, bytes));
    };
    const long fd = open2(tree.worker_info(), {}, sizeof(open_how));
    ASSERT_GE(fd, 0);
    EXPECT_EQ(read_all(static_cast<int>(fd)), tree.worker_text());
    close(static_cast<int>(fd));
    EXPECT_EQ(open2(tree.worker_info(), {}, 8), -EINVAL);
    EXPECT_EQ(open2(tree.worker_info(), {1ULL << 40, 0, 0}, sizeof(open_how)), -EINVAL);
    EXPECT_EQ(or_errno(syscall(SYS_openat2, AT_FDCWD, tree.folder().c_str(), nullptr, 24)),
              -EFAULT);
  });
}

// "stat: character device, mode crwsrwsrwt, major 10."
TEST(Paths, Device) {
  serve([](UmsTree& tree) {
    const struct stat by_path = stat_of("/dev/ums");
    struct stat by_descriptor {};
    EXPECT_EQ(fstat(tree.fd(), &by_descriptor), 0);
    for (const struct stat& status : {by_path, by_descriptor}) {
      EXPECT_EQ(status.st_mode, mode_t{S_IFCHR | 07777});
      EXPECT_EQ(major(status.st_rdev), 10U);
      EXPECT_EQ(status.st_size, 0);
    }
    EXPECT_EQ(by_path.st_ino, by_descriptor.st_ino);
    EXPECT_EQ(access("/dev/ums", R_OK | W_OK), 0);
    const LinkFolder host("../../dev/ums");
    EXPECT_EQ(stat_of(host.path() + "/../../dev/ums").st_ino, by_path.st_ino);
    EXPECT_EQ(open_path(host.to()), -ENOMEM) << "the thread has it open";
    EXPECT_EQ(or_errno(chdir("/dev/ums")), -ENOTDIR);
    EXPECT_EQ(link_at("/dev/ums"), fmt::format("errno {}", EINVAL));
    const int dev = open_path("/dev", O_DIRECTORY);
    EXPECT_EQ(or_errno(openat(dev, "ums", O_RDONLY)), -ENOMEM);
    EXPECT_EQ(or_errno(openat(tree.fd(), "x", O_RDONLY)), -ENOTDIR);
    close(dev);
  });
}

TEST(Paths, FileSystemIsProc) {
  serve([](UmsTree& tree) {
    struct statfs status {};
    EXPECT_EQ(statfs(tree.worker_info().c_str(), &status), 0);
    EXPECT_EQ(status.f_type, PROC_SUPER_MAGIC);
    const int fd = open_path(tree.worker_info());
    struct statfs of_descriptor {};
    EXPECT_EQ(fstatfs(fd, &of_descriptor), 0);
    EXPECT_EQ(of_descriptor.f_type, PROC_SUPER_MAGIC);
    close(fd);
  });
}

TEST(Paths, NoExtendedAttributes) {
  serve([](UmsTree& tree) {
    char value[8];
    const std::string info = tree.worker_info();
    EXPECT_EQ(or_errno(getxattr(info.c_str(), "user.x", value, sizeof value)), -EOPNOTSUPP);
    EXPECT_EQ(or_errno(getxattr(info.c_str(), "", value, sizeof value)), -ERANGE);
    EXPECT_EQ(or_errno(getxattr(info.c_str(), nullptr, value, sizeof value)), -EFAULT);
    EXPECT_EQ(or_errno(lgetxattr(tree.link().c_str(), "user.x", value, 1)), -EOPNOTSUPP);
    EXPECT_EQ(listxattr(info.c_str(), value, sizeof value), 0);
    EXPECT_EQ(or_errno(setxattr(info.c_str(), "user.x", "y", 1, 0)), -EOPNOTSUPP);
    const int fd = open_path(info);
    EXPECT_EQ(or_errno(fgetxattr(fd, "user.x", value, sizeof value)), -EOPNOTSUPP);
    EXPECT_EQ(flistxattr(fd, value, sizeof value), 0);
    close(fd);
  });
}

TEST(Paths, Access) {
  serve([](UmsTree& tree) {
    const std::string info = tree.worker_info();
    EXPECT_EQ(access(info.c_str(), R_OK | W_OK | X_OK), 0);
    EXPECT_EQ(access(tree.folder().c_str(), R_OK | X_OK), 0);
    EXPECT_EQ(or_errno(access(tree.folder().c_str(), W_OK)), geteuid() == 0 ? 0 : -EACCES);
    EXPECT_EQ(or_errno(access(tree.folder().c_str(), 8)), -EINVAL);
    EXPECT_EQ(or_errno(access((info + "x").c_str(), F_OK)), -ENOENT);
    EXPECT_EQ(faccessat(AT_FDCWD, info.c_str(), R_OK, AT_EACCESS), 0);
  });
}

TEST(Paths, LinksOfTheHostAreFollowed) {
  serve([](UmsTree& tree) {
    const LinkFolder to_folder(tree.folder() + "/workers");
    const std::string below = fmt::format("{}/{}/info", to_folder.to(), tree.worker());
    EXPECT_EQ(read_path(below), tree.worker_text());
    EXPECT_EQ(link_at(to_folder.to()), tree.folder() + "/workers") << "the host's";
    const LinkFolder twice(to_folder.to());
    EXPECT_EQ(read_path(fmt::format("{}/{}/info", twice.to(), tree.worker())), tree.worker_text());
    const LinkFolder to_itself("to");
    EXPECT_EQ(open_path(to_itself.to()), -ELOOP);
    const LinkFolder dangling("/proc/ums/0");
    EXPECT_EQ(open_path(dangling.to()), -ENOENT);
    EXPECT_EQ(or_errno(mkdir(dangling.to().c_str(), 0700)), -EEXIST) << "the link is there";
  });
}

TEST(Paths, FromDescriptors) {
  serve([](UmsTree& tree) {
    const int folder = open_path(tree.folder(), O_DIRECTORY);
    const int copy = dup(folder);
    close(folder);
    EXPECT_EQ(fcntl(copy, F_DUPFD_CLOEXEC, 100), 100);
    struct stat status {};
    EXPECT_EQ(fstatat(100, "workers", &status, 0), 0);
    EXPECT_EQ(status.st_ino, stat_of(tree.folder() + "/workers").st_ino);
    EXPECT_EQ(fstatat(copy, "", &status, AT_EMPTY_PATH), 0);
    EXPECT_EQ(status.st_ino, stat_of(tree.folder()).st_ino);
    const std::string info = fmt::format("workers/{}/info", tree.worker());
    const int fd = openat(copy, info.c_str(), O_RDONLY);
    EXPECT_EQ(read_all(fd), tree.worker_text());
    EXPECT_EQ(or_errno(openat(fd, "x", O_RDONLY)), -ENOTDIR);
    EXPECT_EQ(or_errno(openat(copy, "", O_RDONLY)), -ENOENT);
    const int version = openat(copy, "../../version", O_RDONLY);
    EXPECT_EQ(read_all(version), read_path("/proc/version"));
    EXPECT_EQ(or_errno(unlinkat(copy, info.c_str(), 0)), -EPERM);
    EXPECT_EQ(or_errno(renameat(copy, "a", copy, "b")), -ENOENT);
    EXPECT_EQ(or_errno(read(copy, &status, 1)), -EISDIR);
    EXPECT_EQ(read_path(fmt::format("/proc/self/fd/{}/{}", copy, info)), tree.worker_text());
    EXPECT_EQ(read_path(fmt::format("/dev/fd/{}/{}", copy, info)), tree.worker_text());
    for (const int each : {fd, version, copy, 100}) close(each);
    EXPECT_EQ(or_errno(openat(copy, info.c_str(), O_RDONLY)), -EBADF);
  });
}

TEST(Paths, PlacesAreNoOpenFiles) {
  serve([](UmsTree& tree) {
    for (const std::string& path : {tree.worker_info(), tree.folder(), tree.link()}) {
      const int fd = open_path(path, O_PATH | O_NOFOLLOW);
      ASSERT_GE(fd, 0) << path;
      struct stat status {};
      EXPECT_EQ(fstat(fd, &status), 0);
      EXPECT_EQ(status.st_ino, stat_of(path).st_ino);
      EXPECT_EQ(fcntl(fd, F_GETFL), O_PATH | O_NOFOLLOW);
      EXPECT_EQ(or_errno(syscall(SYS_getdents64, fd, &status, sizeof status)), -EBADF);
      close(fd);
    }
    const int link = open_path(tree.link(), O_PATH | O_NOFOLLOW);
    std::array<char, PATH_MAX> target;
    const ssize_t length = readlinkat(link, "", target.data(), target.size());
    EXPECT_EQ(std::string(target.data(), static_cast<std::size_t>(length)), tree.worker_folder());
    const int folder = open_path(tree.folder(), O_PATH);
    EXPECT_GE(or_errno(openat(folder, "workers", O_RDONLY)), 0);
    EXPECT_EQ(or_errno(readlinkat(folder, "", target.data(), target.size())), -ENOENT);
  });
}

TEST(Paths, DescriptorsArePassedOn) {
  serve([](UmsTree& tree) {
    const int folder = open_path(tree.folder(), O_DIRECTORY);
    const pid_t child = fork();
    if (child == 0) {
      // An exec in between.
      const std::string command = fmt::format(
          "test -d /proc/self/fd/{0}/workers && grep -q idle /dev/fd/{0}/workers/{1}/info", folder,
          tree.worker());
      execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      _exit(127);
    }
    close(folder);
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  });
}

// Addresses that are not the program's, and texts that never end.
TEST(Paths, BadPointers) {
  serve([](UmsTree& tree) {
    const std::string info = tree.worker_info();
    auto* const pages = static_cast<char*>(
        mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    munmap(pages + 4096, 4096);
    char* const end = pages + 4096;
    auto* const bad = reinterpret_cast<char*>(end);
    struct stat status {};
    EXPECT_EQ(or_errno(syscall(SYS_openat, AT_FDCWD, bad, O_RDONLY)), -EFAULT);
    EXPECT_EQ(or_errno(syscall(SYS_openat, AT_FDCWD, nullptr, O_RDONLY)), -EFAULT);
    EXPECT_EQ(or_errno(syscall(SYS_newfstatat, AT_FDCWD, bad, &status, 0)), -EFAULT);
    EXPECT_EQ(or_errno(syscall(SYS_newfstatat, AT_FDCWD, info.c_str(), bad, 0)), -EFAULT);
    EXPECT_EQ(or_errno(syscall(SYS_readlinkat, AT_FDCWD, tree.link().c_str(), bad, 9)), -EFAULT);
    EXPECT_EQ(or_errno(syscall(SYS_readlinkat, AT_FDCWD, tree.link().c_str(), bad, 0)), -EINVAL);
    EXPECT_EQ(or_errno(syscall(SYS_statfs, info.c_str(), bad)), -EFAULT);
    // The last byte before the end is the text's zero.
    const std::string path = "/proc/ums";
    std::memcpy(end - path.size() - 1, path.c_str(), path.size() + 1);
    EXPECT_EQ(stat(end - path.size() - 1, &status), 0);
    std::memset(pages, '/', 4096);
    EXPECT_EQ(or_errno(syscall(SYS_newfstatat, AT_FDCWD, end - 1, &status, 0)), -EFAULT);
    const std::string up = "/proc/ums" + [] {
      std::string text;
      while (text.size() < 4000) text += "/../ums";
      return text;
    }();
    EXPECT_EQ(stat(up.c_str(), &status), 0);
    EXPECT_EQ(or_errno(openat(-1, "ums", O_RDONLY)), -EBADF);
    EXPECT_EQ(or_errno(openat(INT_MIN, "ums", O_RDONLY)), -EBADF);
    munmap(pages, 4096);
  });
}

TEST(Paths, ManyOpenAtOnce) {
  serve([](UmsTree& tree) {
    std::vector<int> open_ones;
    for (int i = 0; i < 500; ++i) {
      open_ones.push_back(open_path(tree.folder(), O_DIRECTORY));
      ASSERT_GE(open_ones.back(), 0) << i;
      open_ones.push_back(open_path(tree.worker_info()));
      ASSERT_GE(open_ones.back(), 0) << i;
      if (open_ones.back() > 900) break;  // some have a limit of 1024
    }
    for (const int fd : open_ones) close(fd);
    EXPECT_EQ(read_path(tree.worker_info()), tree.worker_text());
  });
}

// A program whose descriptors have run out is told so, and nobody else.
TEST(Paths, NoFreeDescriptor) {
  serve([](UmsTree& tree) {
    rlimit limit{};
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit few = {20, limit.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    std::vector<int> open_ones;
    int fd = 0;
    while ((fd = open_path(tree.folder())) >= 0) open_ones.push_back(fd);
    EXPECT_EQ(fd, -EMFILE);
    EXPECT_EQ(open_path(tree.worker_info()), -EMFILE);
    for (const int each : open_ones) close(each);
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(read_path(tree.worker_info()), tree.worker_text());
  });
}

}  // namespace
}  // namespace ums::test
