// SPDX-License-Identifier: Apache-2.0
#include "ums_api/src/backend.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/base/switched_on.h"

namespace ums::api {

namespace {

constexpr char kDevicePath[] = "/dev/ums";

void write_line(std::string_view text) noexcept {
  kernel::raw_syscall(SYS_write, 2, kernel::syscall_arg(text.data()),
                      static_cast<long>(text.size()));
}

bool quiet() noexcept { return kernel::switched_on(std::getenv("UMS_QUIET")); }

// Opens the device for a moment. Returns 0, or the errno of open(2).
int probe_device() noexcept {
  const long fd = kernel::raw_syscall(SYS_openat, AT_FDCWD, kernel::syscall_arg(kDevicePath),
                                      O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return static_cast<int>(-fd);
  kernel::raw_syscall(SYS_close, fd);
  return 0;
}

Backend choose_device() noexcept {
  const int error = probe_device();
  if (error != 0) {
    write_line("ums: UMS_BACKEND=device, but /dev/ums cannot be opened: ");
    write_line(strerrordesc_np(error));
    write_line("\n");
  } else if (!quiet()) {
    write_line("ums: the device /dev/ums answers\n");
  }
  return Backend::kDevice;
}

Backend choose_simulation() noexcept {
  if (!quiet()) write_line("ums: the simulated kernel in this process answers\n");
  return Backend::kSimulation;
}

Backend choose() noexcept {
  const char* const value = std::getenv("UMS_BACKEND");
  const std::string_view name = value != nullptr ? value : "";
  if (name == "sim") return choose_simulation();
  if (name == "device") return choose_device();
  if (name.empty() || name == "auto") {
    return probe_device() == 0 ? choose_device() : choose_simulation();
  }
  write_line("ums: UMS_BACKEND is '");
  write_line(name);
  write_line("', which is none of sim, device and auto: every call will fail with EINVAL\n");
  return Backend::kUnknown;
}

}  // namespace

Backend backend() noexcept {
  static const Backend chosen = choose();
  return chosen;
}

}  // namespace ums::api
