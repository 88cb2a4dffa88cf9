// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/temporary_name.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

namespace {

constexpr std::size_t kPlaceBytesMax = 64;

// Files in memory are made and freed in microseconds; a folder on a disk may take milliseconds.
const char* find_place() noexcept {
  for (const char* const place :
       {static_cast<const char*>(std::getenv("XDG_RUNTIME_DIR")), "/dev/shm"}) {
    if (place == nullptr || std::strlen(place) >= kPlaceBytesMax) continue;
    if (raw_syscall(SYS_faccessat, AT_FDCWD, syscall_arg(place), W_OK | X_OK) == 0) return place;
  }
  return "/tmp";
}

}  // namespace

TemporaryName::TemporaryName() noexcept : umask_(raw_syscall(SYS_umask, 0)) {
  static const char* const place = find_place();
  std::uint64_t random = 0;
  raw_syscall(SYS_getrandom, syscall_arg(&random), sizeof random, 0);
  *fmt::format_to_n(path, sizeof path - 1, "{}/ums-{:016x}", place, random).out = '\0';
}

TemporaryName::~TemporaryName() { raw_syscall(SYS_umask, umask_); }

}  // namespace ums::kernel
