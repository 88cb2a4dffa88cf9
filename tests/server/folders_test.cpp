// SPDX-License-Identifier: Apache-2.0
//
// Folders of /proc/ums under a kernel process: listing them, and working in them.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstring>
#include <functional>
#include <memory>

#include "support/server/served.h"
#include "support/server/ums_tree.h"
#include "support/server/victim.h"

namespace ums::test {
namespace {

using Names = std::vector<std::string>;

void serve(const std::function<void(UmsTree&)>& body) {
  EXPECT_EQ(served([&body] {
              UmsTree tree;
              body(tree);
            }),
            0);
}

int open_folder(const std::string& path) {
  return or_errno(open(path.c_str(), O_RDONLY | O_DIRECTORY));
}

// One getdents64 into a buffer of `bytes`. Empty: the end.
Names list_part(int fd, std::size_t bytes) {
  alignas(dirent64) std::array<char, 65536> buffer;
  const long count = or_errno(syscall(SYS_getdents64, fd, buffer.data(), bytes));
  if (count < 0) return {fmt::format("errno {}", -count)};
  Names names;
  for (long at = 0; at < count;) {
    const auto& entry = *reinterpret_cast<const dirent64*>(buffer.data() + at);
    names.emplace_back(entry.d_name);
    EXPECT_EQ(entry.d_reclen % 8, 0);
    at += entry.d_reclen;
  }
  return names;
}

Names list(const std::string& path) {
  const int fd = open_folder(path);
  Names names = list_part(fd, 65536);
  EXPECT_EQ(list_part(fd, 65536), Names()) << "the end";
  close(fd);
  return names;
}

std::string working_folder() {
  std::array<char, PATH_MAX> text;
  const long length = or_errno(syscall(SYS_getcwd, text.data(), text.size()));
  if (length < 0) return fmt::format("errno {}", -length);
  EXPECT_EQ(std::strlen(text.data()) + 1, static_cast<std::size_t>(length));
  return text.data();
}

int exit_status_of(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

// "A folder lists names by length, then bytes (1, 2, 10)."
TEST(Folders, AreListed) {
  serve([](UmsTree& tree) {
    EXPECT_EQ(list("/proc/ums"), (Names{".", "..", std::to_string(thread_id())}));
    EXPECT_EQ(list(tree.folder()), (Names{".", "..", "workers", "schedulers"}));
    EXPECT_EQ(list(tree.scheduler_folder()), (Names{".", "..", "info", "workers"}));
    EXPECT_EQ(list(tree.scheduler_folder() + "/workers"), (Names{".", "..", "1", "2"}));
    EXPECT_EQ(list(tree.worker_folder()), (Names{".", "..", "info"}));
    std::vector<std::unique_ptr<Worker>> more;
    for (int i = 0; i < 200; ++i) more.push_back(std::make_unique<Worker>(tree.fd(), tree.list()));
    const std::vector<pid_t> batch = take_batch(tree.fd(), tree.list());
    const Names links = list(tree.scheduler_folder() + "/workers");
    ASSERT_EQ(links.size(), 204U);
    for (std::size_t i = 1; i <= 202; ++i) EXPECT_EQ(links[i + 1], std::to_string(i));
    EXPECT_EQ(list(tree.folder() + "/workers").size(), 204U);
    for (const pid_t worker : batch) EXPECT_EQ(execute(tree.fd(), worker), 0);
  });
}

// That a process has ended is known before the kernel process is told of it.
TEST(Folders, ShowNobodyWhoHasEnded) {
  const auto program = [] {
    for (int i = 0; i < 300; ++i) {
      Victim child([] {
        dev_open();
        _exit(0);
      });
      const std::string folder = fmt::format("/proc/ums/{}", child.pid());
      EXPECT_EQ(child.wait(), 0);
      ASSERT_EQ(or_errno(access(folder.c_str(), F_OK)), -ENOENT) << i;
    }
  };
  EXPECT_EQ(served(program), 0);
}

// That of who has started the kernel process.
TEST(Folders, AreOpenedWhateverTheUmask) {
  const mode_t before = umask(0777);
  serve([](UmsTree& tree) { EXPECT_EQ(list(tree.worker_folder()), (Names{".", "..", "info"})); });
  umask(before);
}

TEST(Folders, EntriesAreLinuxs) {
  serve([](UmsTree& tree) {
    DIR* const folder = opendir((tree.scheduler_folder() + "/workers").c_str());
    ASSERT_NE(folder, nullptr);
    for (int i = 0; const dirent* const entry = readdir(folder); ++i) {
      EXPECT_EQ(entry->d_off & 0xffffffff, i + 1);
      struct stat status {};
      EXPECT_EQ(fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW), 0);
      EXPECT_EQ(entry->d_ino, status.st_ino) << entry->d_name;
      EXPECT_EQ(DTTOIF(entry->d_type), status.st_mode & S_IFMT) << entry->d_name;
    }
    rewinddir(folder);
    EXPECT_STREQ(readdir(folder)->d_name, ".") << "from the beginning";
    const long behind = telldir(folder);
    EXPECT_STREQ(readdir(folder)->d_name, "..");
    EXPECT_STREQ(readdir(folder)->d_name, "1");
    seekdir(folder, behind);
    EXPECT_STREQ(readdir(folder)->d_name, "..");
    EXPECT_EQ(lseek(dirfd(folder), behind + 1000, SEEK_SET), behind + 1000);
    EXPECT_EQ(list_part(dirfd(folder), 1000), Names()) << "behind the end";
    closedir(folder);
  });
}

TEST(Folders, BuffersAreFilledExactly) {
  serve([](UmsTree& tree) {
    const int fd = open_folder(tree.folder());
    EXPECT_EQ(list_part(fd, 23), (Names{fmt::format("errno {}", EINVAL)}));
    EXPECT_EQ(list_part(fd, 24), (Names{"."}));
    EXPECT_EQ(list_part(fd, 24 + 31), (Names{".."})) << "workers needs 32 bytes";
    EXPECT_EQ(list_part(fd, 31), (Names{fmt::format("errno {}", EINVAL)})) << "and stays";
    EXPECT_EQ(list_part(fd, 32), (Names{"workers"}));
    EXPECT_EQ(or_errno(syscall(SYS_getdents64, fd, nullptr, 1000)), -EFAULT);
    EXPECT_EQ(list_part(fd, 1000), (Names{"schedulers"})) << "nothing is lost";
    EXPECT_EQ(list_part(fd, 1000), Names());
    EXPECT_EQ(lseek(fd, 0, SEEK_SET), 0);
    EXPECT_EQ(list_part(fd, 48), (Names{".", ".."}));
    close(fd);
  });
}

TEST(Folders, DuplicatesShareThePlace) {
  serve([](UmsTree& tree) {
    const int fd = open_folder(tree.folder());
    const int copy = dup(fd);
    EXPECT_EQ(list_part(fd, 24), (Names{"."}));
    EXPECT_EQ(list_part(copy, 24), (Names{".."}));
    const int other = open_folder(tree.folder());
    EXPECT_EQ(list_part(other, 24), (Names{"."}));
    for (const int each : {fd, copy, other}) close(each);
  });
}

// "a folder being listed while workers end never shows a freed entry"
TEST(Folders, RemovedOnesListNothing) {
  serve([](UmsTree& tree) {
    const int fd = open_folder(tree.worker_folder());
    EXPECT_EQ(list_part(fd, 24), (Names{"."}));
    tree.end_worker();
    EXPECT_EQ(list_part(fd, 1000), Names());
    EXPECT_EQ(or_errno(openat(fd, "info", O_RDONLY)), -ENOENT);
    EXPECT_EQ(or_errno(fchdir(fd)), -ENOENT);
    close(fd);
  });
}

#ifdef SYS_getdents
TEST(Folders, OldCallListsToo) {
  serve([](UmsTree& tree) {
    const int fd = open_folder(tree.worker_folder());
    std::array<char, 256> buffer;
    const long count = syscall(SYS_getdents, fd, buffer.data(), buffer.size());
    Names names;
    for (long at = 0; at < count;) {
      std::uint16_t bytes = 0;
      std::memcpy(&bytes, buffer.data() + at + 16, sizeof bytes);
      names.emplace_back(buffer.data() + at + 18);
      EXPECT_EQ(buffer[static_cast<std::size_t>(at + bytes - 1)],
                names.back() == "info" ? DT_REG : DT_DIR);
      at += bytes;
    }
    EXPECT_EQ(names, (Names{".", "..", "info"}));
    close(fd);
  });
}
#endif

// ---- working directories

TEST(WorkingFolder, IsInTheTree) {
  serve([](UmsTree& tree) {
    ASSERT_EQ(chdir("/proc/ums"), 0);
    EXPECT_EQ(working_folder(), "/proc/ums");
    ASSERT_EQ(chdir(std::to_string(thread_id()).c_str()), 0);
    EXPECT_EQ(working_folder(), tree.folder());
    EXPECT_EQ(list("."), (Names{".", "..", "workers", "schedulers"}));
    EXPECT_EQ(list(".."), (Names{".", "..", std::to_string(thread_id())}));
    struct stat status {};
    EXPECT_EQ(stat("workers/../schedulers", &status), 0);
    EXPECT_EQ(or_errno(stat("tmp", &status)), -ENOENT);
    EXPECT_EQ(fstatat(AT_FDCWD, "", &status, AT_EMPTY_PATH), 0);
    EXPECT_EQ(or_errno(chdir("workers/x")), -ENOENT);
    EXPECT_EQ(working_folder(), tree.folder());
    char small[10];
    EXPECT_EQ(or_errno(syscall(SYS_getcwd, small, sizeof small)), -ERANGE);
    EXPECT_EQ(or_errno(syscall(SYS_getcwd, nullptr, 100)), -EFAULT);
    // What is not caught, or cannot be done, touches nothing of the host.
    EXPECT_EQ(or_errno(mkdir("made", 0700)), -ENOENT);
    EXPECT_EQ(or_errno(open("made", O_CREAT | O_WRONLY, 0600)), -ENOENT);
    ASSERT_EQ(chdir("/"), 0);
    EXPECT_EQ(working_folder(), "/");
    EXPECT_EQ(stat("tmp", &status), 0) << "Linux's again";
  });
}

TEST(WorkingFolder, ByDescriptor) {
  serve([](UmsTree& tree) {
    ASSERT_EQ(chdir("/tmp"), 0);
    const int host = open_folder("/usr");
    const int folder = open_folder(tree.worker_folder());
    const int info = openat(folder, "info", O_RDONLY);
    ASSERT_EQ(fchdir(folder), 0);
    EXPECT_EQ(working_folder(), tree.worker_folder());
    EXPECT_EQ(or_errno(fchdir(info)), -ENOTDIR);
    EXPECT_EQ(or_errno(fchdir(tree.fd())), -ENOTDIR);
    EXPECT_EQ(or_errno(fchdir(-1)), -EBADF);
    EXPECT_EQ(working_folder(), tree.worker_folder());
    ASSERT_EQ(fchdir(host), 0);
    EXPECT_EQ(working_folder(), "/usr");
    for (const int fd : {host, folder, info}) close(fd);
  });
}

// ".." leads to the host, where Linux has not been.
TEST(WorkingFolder, OutOfTheTree) {
  serve([](UmsTree&) {
    ASSERT_EQ(chdir("/tmp"), 0);
    ASSERT_EQ(chdir("/proc/ums"), 0);
    struct stat status {};
    EXPECT_EQ(stat("../version", &status), 0);
    EXPECT_EQ(access("../version", R_OK), 0);
    ASSERT_EQ(chdir(".."), 0);
    EXPECT_EQ(working_folder(), "/proc");
    EXPECT_EQ(stat("version", &status), 0);
    EXPECT_EQ(stat("ums", &status), 0) << "ours";
    ASSERT_EQ(chdir("../usr"), 0);
    EXPECT_EQ(working_folder(), "/usr");
    const int bin = open("bin", O_RDONLY | O_DIRECTORY);
    EXPECT_GE(bin, 0);
    close(bin);
    EXPECT_EQ(or_errno(mkdir("made", 0700)), -ENOENT);
    EXPECT_EQ(or_errno(unlink("bin")), -EXDEV);
    ASSERT_EQ(chdir("../tmp"), 0) << "where Linux is";
    EXPECT_EQ(working_folder(), "/tmp");
    char made[] = "ums-made-XXXXXX";
    EXPECT_NE(mkdtemp(made), nullptr);
    EXPECT_EQ(rmdir(made), 0);
  });
}

// Its lookups there would be made with the kernel process's rights. Root in a user namespace has
// others than who has made it.
TEST(WorkingFolder, IsLeftWithItsOwnRightsOnly) {
  constexpr int kNoNamespaces = 77;
  const auto program = [] {
    EXPECT_EQ(chdir("/proc/ums"), 0);
    EXPECT_EQ(access("../../etc/passwd", R_OK), 0);
    if (unshare(CLONE_NEWUSER) != 0) _exit(kNoNamespaces);
    EXPECT_EQ(or_errno(open("../../etc/passwd", O_RDONLY)), -EACCES);
    EXPECT_EQ(or_errno(access("../../etc/passwd", F_OK)), -EACCES);
    EXPECT_EQ(or_errno(chdir("../..")), -EACCES);
    EXPECT_EQ(access("../ums", R_OK), -1);
    EXPECT_EQ(access(".", R_OK), 0);
    EXPECT_EQ(access("/etc/passwd", R_OK), 0);
    EXPECT_EQ(chdir("/"), 0);
    EXPECT_EQ(access("etc/passwd", R_OK), 0);
  };
  const int status = served(program);
  if (WEXITSTATUS(status) == kNoNamespaces) GTEST_SKIP() << "user namespaces cannot be made here";
  EXPECT_EQ(status, 0);
}

TEST(WorkingFolder, SurvivesForkAndExec) {
  serve([](UmsTree& tree) {
    ASSERT_EQ(chdir(tree.worker_folder().c_str()), 0);
    EXPECT_EQ(exit_status_of([&] {
                EXPECT_EQ(working_folder(), tree.worker_folder());
                EXPECT_EQ(exit_status_of([&] {
                            execl("/bin/sh", "sh", "-c", "grep -q idle info", nullptr);
                            _exit(127);
                          }),
                          0);
                EXPECT_EQ(chdir("/"), 0);
              }),
              0);
    EXPECT_EQ(working_folder(), tree.worker_folder());
    ASSERT_EQ(chdir("/"), 0);
  });
}

// A child that has made no call yet when its parent goes elsewhere.
TEST(WorkingFolder, IsThatOfTheFork) {
  serve([](UmsTree& tree) {
    for (const bool from_tree : {true, false}) {
      ASSERT_EQ(chdir(from_tree ? "/proc/ums" : "/usr"), 0);
      int go[2];
      ASSERT_EQ(pipe(go), 0);
      const pid_t child = fork();
      if (child == 0) {
        char byte = 0;
        const bool told = read(go[0], &byte, 1) == 1;
        _exit(told && working_folder() == (from_tree ? "/proc/ums" : "/usr") ? 0 : 1);
      }
      ASSERT_EQ(chdir(from_tree ? "/" : tree.folder().c_str()), 0);
      EXPECT_EQ(write(go[1], "g", 1), 1);
      int status = -1;
      EXPECT_EQ(waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0) << from_tree;
      close(go[0]);
      close(go[1]);
    }
    ASSERT_EQ(chdir("/"), 0);
  });
}

TEST(WorkingFolder, IsThatOfAllThreads) {
  serve([](UmsTree& tree) {
    const std::string folder = tree.folder();
    Thread other([&] { EXPECT_EQ(chdir(folder.c_str()), 0); });
    other.join();
    EXPECT_EQ(working_folder(), folder);
    EXPECT_EQ(chdir("/"), 0);
  });
}

TEST(WorkingFolder, MayBeRemoved) {
  serve([](UmsTree& tree) {
    ASSERT_EQ(chdir(tree.worker_folder().c_str()), 0);
    tree.end_worker();
    EXPECT_EQ(working_folder(), fmt::format("errno {}", ENOENT));
    EXPECT_EQ(or_errno(open("info", O_RDONLY)), -ENOENT);
    EXPECT_EQ(or_errno(chdir("..")), -ENOENT);
    ASSERT_EQ(chdir("/"), 0);
  });
}

}  // namespace
}  // namespace ums::test
