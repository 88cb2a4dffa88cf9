// SPDX-License-Identifier: Apache-2.0
//
// The state file as it is made: where, for how long, and what happens where it cannot be. Each test
// publishes in a process of its own.
#include "sim_kernel/publish/publish.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "sim_kernel/mm/slab.h"
#include "sim_kernel/publish/left_file.h"
#include "sim_kernel/publish/run_folder.h"
#include "sim_kernel/ums/published.h"
#include "support/emulator.h"

namespace ums::kernel {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kObjectBytes = 200;

// In a child, where the library has opened the device once more, with another run folder.
void begin_anew() {
  publish_stop();
  publish_reset_after_fork();
  slab_reset_after_fork();
}

// Runs `body` in a child, and expects that nothing fails there. Returns its wait status.
int in_child(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    alarm(100);
    begin_anew();
    body();
    std::fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return status;
}

struct Header : StateHeader {
  explicit Header(const fs::path& path) : StateHeader{} {
    std::ifstream(path).read(reinterpret_cast<char*>(static_cast<StateHeader*>(this)),
                             sizeof(StateHeader));
  }
};

class Publish : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_UNDER_EMULATOR("its madvise knows no MADV_POPULATE_WRITE");
    std::string name = "/tmp/ums-publish-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    top_ = name;
    setenv("XDG_RUNTIME_DIR", name.c_str(), 1);
    setenv("TMPDIR", (top_ / "none").c_str(), 1);
  }
  void TearDown() override {
    unsetenv("XDG_RUNTIME_DIR");
    unsetenv("TMPDIR");
    if (!top_.empty()) fs::remove_all(top_);
  }

  fs::path folder() const { return top_ / "ums"; }
  fs::path file() const { return folder() / std::to_string(getpid()); }

  static void allow() { publish_allow(KernelKind::kEmbedded, ums_state_fields(), "lab"); }

  static bool is_locked(const fs::path& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool locked = flock(file, LOCK_SH | LOCK_NB) != 0;
    close(file);
    return locked;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder())) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  fs::path top_;
};

TEST_F(Publish, ObjectsAreInAFileOfTheUserAlone) {
  in_child([&] {
    static constinit SlabCache cache{"some", kObjectBytes, 8, SlabFlags::kPublished};
    allow();
    EXPECT_FALSE(fs::exists(folder())) << "before there is an object";
    umask(0777);
    auto* const object = static_cast<char*>(cache.alloc());
    std::memset(object, 'x', kObjectBytes);
    struct stat status {};
    ASSERT_EQ(stat(folder().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode, S_IFDIR | 0700U);
    ASSERT_EQ(stat(file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode, S_IFREG | 0600U);
    EXPECT_LT(status.st_blocks * 512, 128 * 1024) << "it is sparse";

    const Header header(file());
    EXPECT_EQ(std::memcmp(header.magic, kStateMagic, sizeof kStateMagic), 0);
    EXPECT_EQ(header.pid, getpid());
    EXPECT_STREQ(static_cast<const char*>(header.kernel_name), "lab");
    EXPECT_STREQ(static_cast<const char*>(header.caches[0].name), "some");
    std::string bytes(kObjectBytes, '\0');
    std::ifstream reader(file());
    reader.seekg(
        static_cast<std::streamoff>(reinterpret_cast<std::uintptr_t>(object) - header.base));
    reader.read(bytes.data(), kObjectBytes);
    EXPECT_EQ(bytes, std::string(kObjectBytes, 'x'));
    publish_stop();
    EXPECT_EQ(names(), std::vector<std::string>());
    object[0] = 'y';
  });
}

TEST_F(Publish, TheLockLastsAsLongAsTheProcess) {
  int told[2];
  int ends[2];
  ASSERT_EQ(pipe(told), 0);
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    static constinit SlabCache cache{"some", kObjectBytes, 8, SlabFlags::kPublished};
    begin_anew();
    allow();
    const bool made = cache.alloc() != nullptr && write(told[1], "x", 1) == 1;
    close(ends[1]);
    char byte = 0;
    _exit(made && read(ends[0], &byte, 1) == 0 ? 0 : 1);  // without a word
  }
  char byte = 0;
  ASSERT_EQ(read(told[0], &byte, 1), 1);
  const fs::path path = folder() / std::to_string(child);
  const Header header(path);
  EXPECT_EQ(header.process_start, process_identity(child).start);
  EXPECT_NE(header.process_start, 0U);
  EXPECT_EQ(header.process_stack, process_identity(child).stack);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(is_locked(path), header.lock_lasts == 1);
  EXPECT_FALSE(is_left_behind(file, header));
  close(ends[1]);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(is_left_behind(file, header));
  const int opened = open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  remove_left_files(opened, 10);
  EXPECT_EQ(names(), std::vector<std::string>());
  for (const int descriptor : {file, opened, told[0], told[1], ends[0]}) close(descriptor);
}

TEST_F(Publish, WhatIsNoStateFileIsLeftAlone) {
  fs::create_directory(folder());
  fs::permissions(folder(), fs::perms(0700));
  for (const char* const name : {"1", "attach", "1-x", "12.lock"}) {
    std::ofstream(folder() / name) << std::string(10'000, 'x');
  }
  std::ofstream(file()) << "";                                 // is being made
  std::ofstream(folder() / "3") << std::string(10'000, '\0');  // has been, and no more
  const int opened = open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  remove_left_files(opened, 10);
  close(opened);
  EXPECT_EQ(names().size(), 5U);
  EXPECT_FALSE(fs::exists(folder() / "3"));
}

TEST_F(Publish, AFileWhoseMakerDiedBeforeItWasFilledIsLeftBehind) {
  fs::create_directory(folder());
  fs::permissions(folder(), fs::perms(0700));
  const pid_t maker = fork();
  if (maker == 0) _exit(0);
  ASSERT_EQ(waitpid(maker, nullptr, 0), maker);
  std::ofstream(folder() / std::to_string(maker)) << "";
  const int opened = open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  remove_left_files(opened, 10);
  close(opened);
  EXPECT_EQ(names(), std::vector<std::string>());
}

// Somebody else who judges a file, and is stopped before he removes it.
TEST_F(Publish, AFileThatIsBeingJudgedIsNotReplaced) {
  in_child([&] {
    static constinit SlabCache cache{"some", kObjectBytes, 8, SlabFlags::kPublished};
    fs::create_directory(folder());
    fs::permissions(folder(), fs::perms(0700));
    std::ofstream(file()) << std::string(10'000, '\0');  // of the program that was here before
    const int judge = open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_EQ(flock(judge, LOCK_EX), 0);
    allow();
    ASSERT_NE(cache.alloc(), nullptr);
    EXPECT_TRUE(fs::exists(file().string() + "-2"));
    EXPECT_EQ(Header(file()).pid, 0) << "the judge would remove a live kernel's file";
    const int other = open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    remove_if_left(other, file().filename().c_str());
    EXPECT_TRUE(fs::exists(file())) << "two judges at once";
    ASSERT_EQ(flock(judge, LOCK_UN), 0);
    remove_if_left(other, file().filename().c_str());
    EXPECT_FALSE(fs::exists(file()));
    for (const int descriptor : {judge, other}) close(descriptor);
  });
}

// As its maker finds it where locks do not last: the magic is not there yet, nor the lock any more.
TEST_F(Publish, AFileThatIsBeingMadeIsNotLeftBehind) {
  StateHeader header{};
  const ProcessIdentity identity = process_identity(getpid());
  header.pid = getpid();
  header.process_start = identity.start;
  header.process_stack = identity.stack;
  const int unlocked = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_FALSE(is_left_behind(unlocked, header));
  ++header.process_start;
  EXPECT_TRUE(is_left_behind(unlocked, header)) << "its maker is gone";
  close(unlocked);
}

TEST_F(Publish, TwoKernelsInAProcessHaveTwoFiles) {
  in_child([&] {
    static constinit SlabCache cache{"some", kObjectBytes, 8, SlabFlags::kPublished};
    fs::create_directory(folder());
    fs::permissions(folder(), fs::perms(0700));
    const int other = open(file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const StateHeader empty{};
    ASSERT_EQ(write(other, &empty, sizeof empty), static_cast<ssize_t>(sizeof empty));
    ASSERT_EQ(flock(other, LOCK_EX), 0);
    allow();
    ASSERT_NE(cache.alloc(), nullptr);
    EXPECT_TRUE(fs::exists(file().string() + "-2"));
    EXPECT_TRUE(fs::exists(file()));
  });
}

TEST_F(Publish, AForkedChildSharesNothing) {
  in_child([&] {
    static constinit SlabCache cache{"some", kObjectBytes, 8, SlabFlags::kPublished};
    allow();
    auto* const object = static_cast<char*>(cache.alloc());
    std::memset(object, 'p', kObjectBytes);
    const fs::path parents = file();
    in_child([&] {
      EXPECT_EQ(object[0], 'p');
      object[0] = 'c';
      EXPECT_EQ(cache.live(), 0U);
      auto* const own = static_cast<char*>(cache.alloc());
      EXPECT_NE(own, object);
      own[0] = 'o';
      EXPECT_TRUE(fs::exists(file()));
      EXPECT_NE(file(), parents);
      EXPECT_EQ(Header(file()).pid, getpid());
      publish_stop();
      EXPECT_FALSE(fs::exists(file()));
    });
    EXPECT_EQ(object[0], 'p');
    EXPECT_EQ(cache.live(), 1U);
    EXPECT_TRUE(is_locked(parents) || Header(parents).lock_lasts == 0);
    cache.free(object);
  });
}

// Expects that the cache works without a file, and returns why there is none.
int error_without_file(SlabCache& cache) {
  auto* const object = static_cast<char*>(cache.alloc());
  EXPECT_NE(object, nullptr);
  if (object != nullptr) object[kObjectBytes - 1] = 'x';
  return publish_error();
}

TEST_F(Publish, WithoutAFolderMemoryIsAnonymous) {
  static constinit SlabCache cache{"some", kObjectBytes, 8, SlabFlags::kPublished};
  in_child([&] { EXPECT_EQ(error_without_file(cache), 0) << "it was not even allowed"; });
  in_child([&] {
    setenv("XDG_RUNTIME_DIR", (top_ / "none").c_str(), 1);
    allow();
    EXPECT_EQ(error_without_file(cache), ENOENT);
  });
  in_child([&] {
    std::ofstream(folder().c_str()) << "a file";
    allow();
    EXPECT_EQ(error_without_file(cache), ENOTDIR);
  });
}

TEST_F(Publish, ASmallLimitOfFileSizesRaisesNoSignal) {
  static constinit SlabCache cache{"some", kObjectBytes, 8, SlabFlags::kPublished};
  in_child([&] {
    const rlimit limit = {1 << 20, 1 << 20};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    allow();
    EXPECT_EQ(error_without_file(cache), EFBIG);
    EXPECT_EQ(names(), std::vector<std::string>());
  });
}

// A small file system of our own, or a reason why there can be none.
std::string mount_small(const fs::path& place) {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (user != 0 && unshare(CLONE_NEWUSER) != 0) return "user namespaces are not allowed";
  if (user != 0) {
    std::ofstream("/proc/self/uid_map") << user << ' ' << user << " 1";
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/gid_map") << group << ' ' << group << " 1";
  }
  if (unshare(CLONE_NEWNS) != 0) return "mount namespaces are not allowed";
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "mount is not allowed";
  if (mount("small", place.c_str(), "tmpfs", 0, "size=256k,mode=700") != 0) {
    return std::string("tmpfs cannot be mounted: ") + std::strerror(errno);
  }
  return "";
}

TEST_F(Publish, AFullFileSystemIsNoSignal) {
  static constinit SlabCache cache{"some", kObjectBytes, 8, SlabFlags::kPublished};
  in_child([&] {
    const std::string fault = mount_small(top_);
    if (!fault.empty()) {
      std::printf("left out: %s\n", fault.c_str());
      return;
    }
    allow();
    std::vector<char*> objects;
    for (int i = 0; i < 20'000; ++i) {  // 4 MB
      objects.push_back(static_cast<char*>(cache.alloc()));
      ASSERT_NE(objects.back(), nullptr);
      std::memset(objects.back(), i, kObjectBytes);
    }
    EXPECT_EQ(publish_error(), 0);
    EXPECT_GT(Header(file()).regions_elsewhere.load(), 0U);
    for (int i = 0; i < 20'000; ++i) {
      const auto index = static_cast<std::size_t>(i);
      ASSERT_EQ(objects[index][kObjectBytes - 1], static_cast<char>(i));
      cache.free(objects[index]);
    }
    EXPECT_EQ(cache.live(), 0U);
  });
}

// ---- where the folder is

class RunFolder : public Publish {
 protected:
  static std::vector<std::string> places() {
    const RunFolders folders = run_folders();
    std::vector<std::string> places;
    for (int i = 0; i < folders.count; ++i) {
      places.emplace_back(static_cast<const char*>(folders.paths[i]));
    }
    return places;
  }

  static std::string by_user(const std::string& temporary) {
    return temporary + "/ums-" + std::to_string(geteuid());
  }

  static int opened(const fs::path& path, bool make) {
    const int descriptor = open_run_folder(path.c_str(), make);
    if (descriptor >= 0) close(descriptor);
    return descriptor >= 0 ? 0 : -descriptor;
  }
};

TEST_F(RunFolder, AreNamedByTheEnvironment) {
  const std::string temporary = top_ / "none";
  EXPECT_EQ(places(), (std::vector<std::string>{folder(), by_user(temporary)}));
  setenv("XDG_RUNTIME_DIR", "relative", 1);
  EXPECT_EQ(places(), std::vector<std::string>{by_user(temporary)});
  setenv("XDG_RUNTIME_DIR", (top_ / std::string(600, 'x')).c_str(), 1);
  EXPECT_EQ(places(), std::vector<std::string>{by_user(temporary)});
  if (geteuid() != 0) {
    setenv("XDG_RUNTIME_DIR", "/", 1);
    EXPECT_EQ(places(), std::vector<std::string>{by_user(temporary)}) << "it is another user's";
  }
  unsetenv("XDG_RUNTIME_DIR");
  setenv("TMPDIR", "relative", 1);
  EXPECT_EQ(places(), std::vector<std::string>{by_user("/tmp")});
  unsetenv("TMPDIR");
  EXPECT_EQ(places(), std::vector<std::string>{by_user("/tmp")});
}

TEST_F(RunFolder, OthersFoldersAreRefused) {
  EXPECT_EQ(opened(folder(), false), ENOENT);
  EXPECT_EQ(opened(folder(), true), 0);
  EXPECT_EQ(opened(folder(), true), 0) << "once more";
  EXPECT_EQ(fs::status(folder()).permissions(), fs::perms(0700));
  for (const unsigned mode : {0701U, 0710U, 0777U}) {
    fs::permissions(folder(), fs::perms(mode));
    EXPECT_EQ(opened(folder(), true), EPERM) << mode;
  }
  fs::permissions(folder(), fs::perms(0700));
  fs::create_directory_symlink(folder(), top_ / "link");
  EXPECT_EQ(opened(top_ / "link", true), ENOTDIR) << "of a link, as Linux says with O_DIRECTORY";
  std::ofstream(top_ / "file") << "x";
  EXPECT_EQ(opened(top_ / "file", true), ENOTDIR);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(folder().c_str(), 65534, 65534), 0);
    EXPECT_EQ(opened(folder(), true), EPERM);
  }
}

}  // namespace
}  // namespace ums::kernel
