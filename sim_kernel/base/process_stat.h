// SPDX-License-Identifier: Apache-2.0
//
// ProcessStat: what /proc/PID/stat says of a process, as it was when this was made.
//
//     const ProcessStat stat(pid);
//     if (stat.ok()) use(stat.number(22));     // starttime, by its number in proc(5)
//
// Thread safety: a plain value; bare system calls only.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace ums::kernel {

class ProcessStat {
 public:
  explicit ProcessStat(pid_t pid) noexcept;

  // False: there is no such process, or no free descriptor.
  bool ok() const noexcept { return rest_ != nullptr; }

  // A field that is a number behind the state, which is the third; 0 if it is missing.
  std::uint64_t number(int field) const noexcept;

 private:
  char text_[1024];
  const char* rest_ = nullptr;  // in text_, behind the name, which may hold anything
};

}  // namespace ums::kernel
