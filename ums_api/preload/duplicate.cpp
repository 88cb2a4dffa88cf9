// SPDX-License-Identifier: Apache-2.0
//
// dup, dup2, dup3 and F_DUPFD: of the device's descriptors, and of others over them.
#include <fcntl.h>

#include <cerrno>

#include "ums_api/preload/preload.h"
#include "ums_api/src/device_calls.h"
#include "ums_api/src/next_symbol.h"
#if UMS_MACHINE_SIMULATED
#include "ums_api/simulated/file_locks.h"
#endif

UMS_PRELOAD(int, fcntl64, int fd, int command, unsigned long argument);
UMS_PRELOAD(int, __dup2, int fd, int target);
UMS_PRELOAD(int, __fcntl, int fd, int command, unsigned long argument);

namespace {

using ums::api::is_foreign;
using ums::api::NextSymbol;
using ums::api::simulated_dup;

constinit NextSymbol<int(int)> next_dup{"dup"};
constinit NextSymbol<int(int, int)> next_dup2{"dup2"};
constinit NextSymbol<int(int, int, int)> next_dup3{"dup3"};
constinit NextSymbol<int(int, int, unsigned long)> next_fcntl{"fcntl"};

// dup3, with other descriptors than the same twice. Empty if Linux is to answer.
std::optional<int> duplicate_onto(int fd, int target, int flags) {
  if (!is_foreign(fd)) return simulated_dup(fd, {SYS_dup3, target, flags});
  if (!is_foreign(target)) return ums::api::simulated_replace(target, fd, flags);
  return std::nullopt;
}

int duplicate(int fd, int target) {
  const std::optional<int> copy = fd == target ? std::nullopt : duplicate_onto(fd, target, 0);
  return copy ? *copy : next_dup2(fd, target);
}

int control(int fd, int command, unsigned long argument) {
  const bool duplicates = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  if (duplicates && !is_foreign(fd)) {
    const auto lowest = static_cast<int>(argument);
    if (const auto copy = simulated_dup(fd, {SYS_fcntl, command, lowest})) return *copy;
  }
#if UMS_MACHINE_SIMULATED
  if (int result = 0; ums::api::answer_lock_wait(fd, command, argument, result)) return result;
#endif
  return next_fcntl(fd, command, argument);
}

}  // namespace

void ums::preload::resolve_duplicate() noexcept {
  next_dup.resolve();
  next_dup2.resolve();
  next_dup3.resolve();
  next_fcntl.resolve();
}

int ums_dup(int fd) {
  const std::optional<int> copy = is_foreign(fd) ? std::nullopt : simulated_dup(fd);
  return copy ? *copy : next_dup(fd);
}

int ums_dup2(int fd, int target) { return duplicate(fd, target); }
int ums___dup2(int fd, int target) { return duplicate(fd, target); }

int ums_dup3(int fd, int target, int flags) {
  const std::optional<int> copy = fd == target ? std::nullopt : duplicate_onto(fd, target, flags);
  return copy ? *copy : next_dup3(fd, target, flags);
}

int ums_fcntl(int fd, int command, unsigned long argument) {
  return control(fd, command, argument);
}

int ums_fcntl64(int fd, int command, unsigned long argument) {
  return control(fd, command, argument);
}

int ums___fcntl(int fd, int command, unsigned long argument) {
  return control(fd, command, argument);
}
