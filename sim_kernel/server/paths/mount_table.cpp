// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/paths/mount_table.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/sysmacros.h>

#include <cstring>
#include <ctime>

#include "sim_kernel/base/proc_file.h"

namespace ums::kernel {

namespace {

constexpr char kMounts[] = "/proc/self/mountinfo";

// What was found out since the mounts have changed. Numbers of devices are used again.
struct Known {
  dev_t device;
  bool may_wait;
};
constexpr unsigned kKnownMax = 16;
Known known[kKnownMax];
unsigned known_count = 0;
unsigned next_known = 0;
int mounts = -1;  // kMounts, open from the first question on

// Looks for the first mount of a device:
// "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELDS] - TYPE SOURCE OPTIONS"
class Search {
 public:
  explicit Search(dev_t device) noexcept {
    *fmt::format_to_n(wanted_, sizeof wanted_ - 1, "{}:{} ", major(device), minor(device)).out =
        '\0';
  }

  bool read(char c) noexcept {
    if (c != '\n') {
      if (length_ < sizeof line_ - 1) line_[length_++] = c;
      return false;
    }
    line_[length_] = '\0';
    length_ = 0;
    const char* device = line_;
    for (int field = 0; field < 2 && device != nullptr; ++field) {
      device = std::strchr(device, ' ');
      if (device != nullptr) ++device;
    }
    if (device == nullptr || std::strncmp(device, wanted_, std::strlen(wanted_)) != 0) return false;
    const char* const type = std::strstr(device, " - ");
    may_wait_ = type == nullptr || std::strncmp(type + 3, "fuse", 4) == 0;
    return true;
  }

  bool may_wait() const noexcept { return may_wait_; }

 private:
  char wanted_[32];
  std::size_t length_ = 0;
  bool may_wait_ = true;
  char line_[4096];
};

// Linux tells by poll(2) that mounts have changed since it was asked last.
void forget_if_changed() noexcept {
  if (mounts < 0) {
    mounts = static_cast<int>(
        raw_syscall(SYS_openat, AT_FDCWD, syscall_arg(kMounts), O_RDONLY | O_CLOEXEC, 0));
    known_count = 0;
    return;
  }
  pollfd changes = {mounts, POLLPRI, 0};
  const timespec now = {0, 0};
  if (raw_syscall(SYS_ppoll, syscall_arg(&changes), 1, syscall_arg(&now), 0, 0) > 0) {
    known_count = 0;
  }
}

}  // namespace

bool file_system_may_wait(dev_t device) noexcept {
  forget_if_changed();
  for (unsigned i = 0; i < known_count; ++i) {
    if (known[i].device == device) return known[i].may_wait;
  }
  Search search(device);
  read_proc_file(kMounts, search);
  const unsigned place = known_count < kKnownMax ? known_count++ : next_known++ % kKnownMax;
  known[place] = {device, search.may_wait()};
  return search.may_wait();
}

}  // namespace ums::kernel
