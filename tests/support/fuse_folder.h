// SPDX-License-Identifier: Apache-2.0
//
// FuseTest: a Procfs test with an empty folder to mount on, which skips where FUSE cannot be used.
// ServedMount: /proc/ums mounted there, served by a thread of its own.
//
//     TEST_F(FuseTest, ShowsSomething) {
//       const ServedMount mount(folder_);
//       EXPECT_EQ(text_of(folder_ + "/17/workers/18/info"), ...);
//     }
//
// Thread safety: the test's own thread.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include "procfs_emul/fuse_mount.h"
#include "support/procfs.h"
#include "ums/started.h"

#if UMS_SANITIZE_ADDRESS
// Its reports end the program by SIGABRT: see close_connection_at_death.
extern "C" __attribute__((visibility("default"), used)) inline const char*
__asan_default_options() {
  return "abort_on_error=1";
}
#endif

namespace ums::test {

// Why nothing can be mounted here, or nothing.
inline std::string why_no_fuse() {
  const int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) return std::string("/dev/fuse: ") + strerror(errno);
  close(device);
  if (run({"fusermount3", "--version"}).status != 0) return "there is no fusermount3";
  return {};
}

// Of a file on the host: all of it, or -errno.
inline std::string text_of(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno_text(errno);
  char text[1024];
  const ssize_t count = read(fd, text, sizeof text);
  std::string result = count < 0 ? errno_text(errno) : std::string(text, text + count);
  close(fd);
  return result;
}

inline struct stat host_stat(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(lstat(path.c_str(), &status), 0) << path << ": errno " << errno;
  return status;
}

// A test looks into its own mount. If the thread that serves died in the middle of a request, the
// test's thread would wait for it in Linux, unkillable: whoever ends the process by a signal closes
// the connection before.
inline volatile int served_connection = -1;

inline void close_connection_and_die(int number) {
  close(served_connection);
  signal(number, SIG_DFL);
  raise(number);
}

inline void close_connection_at_death() {
  signal(SIGABRT, close_connection_and_die);
#if !UMS_SANITIZE_ADDRESS && !UMS_SANITIZE_THREAD
  signal(SIGSEGV, close_connection_and_die);  // sanitizers have handlers, and abort
#endif
}

class ServedMount {
 public:
  explicit ServedMount(const std::string& folder) {
    EXPECT_EQ(mount_.open(folder.c_str()).error_code(), 0) << mount_.message();
    served_connection = mount_.fd();
    close_connection_at_death();
    server_ = std::thread([this] { mount_.serve(); });
  }
  ~ServedMount() { stop(); }
  ServedMount(const ServedMount&) = delete;
  ServedMount& operator=(const ServedMount&) = delete;

  // Stops serving; the mount stays.
  void stop() {
    if (!server_.joinable()) return;
    mount_.stop();
    server_.join();
  }

  // Unmounts.
  void close() {
    stop();
    mount_.close();
  }

  // Waits until it is not served any more, for another reason.
  void await_end() { server_.join(); }

 private:
  kernel::FuseMount mount_;
  std::thread server_;
};

class FuseTest : public Procfs {
 protected:
  void SetUp() override {
    const std::string reason = why_no_fuse();
    if (!reason.empty()) GTEST_SKIP() << "nothing can be mounted: " << reason;
    std::string name = testing::TempDir() + "/ums-fuse-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = std::filesystem::canonical(name);
    Procfs::SetUp();
    mounted_root_ = folder_ + "/" + std::to_string(thread_id());
  }
  void TearDown() override {
    if (folder_.empty()) return;
    Procfs::TearDown();
    EXPECT_EQ(rmdir(folder_.c_str()), 0) << folder_ << ": errno " << errno;
  }

  // The same entry in the mount.
  std::string mounted(const std::string& path) const {
    return folder_ + path.substr(std::string("/proc/ums").size());
  }

  std::string folder_;        // absolute
  std::string mounted_root_;  // root_ in the mount
};

}  // namespace ums::test
