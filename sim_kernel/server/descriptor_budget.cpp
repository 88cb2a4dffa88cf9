// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/descriptor_budget.h"

#include <sys/resource.h>

#include <algorithm>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

namespace {

constexpr rlim_t kEnough = 65536;
constexpr std::size_t kForAMoment = 16;
constexpr std::size_t kForFiles = 32;

std::size_t free_above(int newest) noexcept {
  rlimit limit{};
  raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, syscall_arg(&limit));
  const auto used = static_cast<std::size_t>(newest) + 1;
  return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

}  // namespace

void raise_descriptor_limit() noexcept {
  rlimit limit{};
  raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, syscall_arg(&limit));
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, kEnough));
  raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, syscall_arg(&limit), 0);
}

bool suffices_for_file(int newest, std::size_t files_of_process) noexcept {
  return free_above(newest) >= kForAMoment + files_of_process;
}

bool suffices_for_process(int newest) noexcept {
  return free_above(newest) >= kForAMoment + kForFiles;
}

}  // namespace ums::kernel
