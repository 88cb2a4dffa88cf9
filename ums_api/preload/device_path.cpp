// SPDX-License-Identifier: Apache-2.0
#include "ums_api/preload/device_path.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <climits>
#include <cstdint>
#include <cstring>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::preload {

namespace {

using kernel::raw_syscall;
using kernel::syscall_arg;

constexpr char kDevice[] = "/dev/ums";
constexpr char kName[] = "ums";
constexpr std::size_t kNameBytes = sizeof kName - 1;
constexpr int kLinksMax = 40;  // Linux's own limit

bool may_be_read(const char* path) noexcept {
  constexpr std::uintptr_t kLowest = 65536;
  return reinterpret_cast<std::uintptr_t>(path) >= kLowest &&
         static_cast<std::intptr_t>(reinterpret_cast<std::uintptr_t>(path)) > 0;
}

// The bytes of `path` before its last name, if that is the device's; else -1.
long folder_bytes(const char* path) noexcept {
  const std::size_t bytes = std::strlen(path);
  if (bytes < kNameBytes || bytes >= PATH_MAX) return -1;
  const std::size_t before = bytes - kNameBytes;
  if (std::memcmp(path + before, kName, kNameBytes) != 0) return -1;
  return before == 0 || path[before - 1] == '/' ? static_cast<long>(before) : -1;
}

bool is_dev(const struct stat& folder) noexcept {
  struct stat dev {};
  return raw_syscall(SYS_newfstatat, AT_FDCWD, syscall_arg("/dev"), syscall_arg(&dev), 0) == 0 &&
         dev.st_ino == folder.st_ino && dev.st_dev == folder.st_dev;
}

// A path under construction.
class Path {
 public:
  explicit Path(const char* text) noexcept { std::strncpy(text_, text, sizeof text_ - 1); }
  const char* text() const noexcept { return text_; }

  // Puts what the link `target` says in the place of the link.
  bool follow(const char* target) noexcept {
    char* const slash = std::strrchr(text_, '/');
    const std::size_t kept =
        target[0] == '/' || slash == nullptr ? 0 : static_cast<std::size_t>(slash + 1 - text_);
    const std::size_t bytes = std::strlen(target);
    if (kept + bytes >= sizeof text_) return false;
    std::memcpy(text_ + kept, target, bytes + 1);
    return true;
  }

 private:
  char text_[PATH_MAX] = {};
};

// Not inlined: few paths need its two pages of stack.
__attribute__((noinline)) bool follow_links(int folder, const char* path,
                                            const char* target) noexcept {
  Path place(path);
  char next[PATH_MAX];
  for (int links = 0; links < kLinksMax; ++links) {
    if (!place.follow(target)) return false;
    if (names_device(folder, place.text())) return true;
    const long bytes = raw_syscall(SYS_readlinkat, folder, syscall_arg(place.text()),
                                   syscall_arg(next), sizeof next - 1);
    if (bytes <= 0) return false;
    next[bytes] = '\0';
    target = next;
  }
  return false;
}

__attribute__((noinline)) bool folder_is_dev(int folder, const char* path, long bytes) noexcept {
  char text[PATH_MAX];
  std::memcpy(text, path, static_cast<std::size_t>(bytes));
  text[bytes] = '\0';
  struct stat status {};
  const char* const name = bytes == 0 ? "." : text;
  return raw_syscall(SYS_newfstatat, folder, syscall_arg(name), syscall_arg(&status), 0) == 0 &&
         is_dev(status);
}

}  // namespace

bool names_device(int folder, const char* path) noexcept {
  if (!may_be_read(path)) return false;
  const long bytes = folder_bytes(path);
  if (bytes < 0) return false;
  return std::strcmp(path, kDevice) == 0 || folder_is_dev(folder, path, bytes);
}

bool links_to_device(int folder, const char* path) noexcept {
  char target[256] = "";
  const long bytes = raw_syscall(SYS_readlinkat, folder, syscall_arg(path), syscall_arg(target),
                                 sizeof target - 1);
  if (bytes <= 0) return false;
  target[bytes] = '\0';
  return follow_links(folder, path, target);
}

}  // namespace ums::preload
