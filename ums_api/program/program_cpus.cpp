// SPDX-License-Identifier: Apache-2.0
#include "ums_api/program/program_cpus.h"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "sim_kernel/base/printk.h"
#include "sim_kernel/base/switched_on.h"

namespace ums::api {

namespace {

constexpr std::uint64_t kQuantumNs = 4'000'000;  // near what Linux gives (sched_base_slice and HZ)

int count_of(const char* text) {
  const std::string_view digits = text;
  int count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  const bool is_number = error == std::errc{} && end == digits.data() + digits.size();
  if (!is_number || count < 1 || count > kernel::kVirtualCpusMax) refuse_variable("UMS_CPUS", text);
  return count;
}

kernel::CostProfile costs_of(const char* text) {
  const kernel::ParsedProfile parsed = kernel::parse_cost_profile(text);
  if (parsed.fault != nullptr) refuse_variable("UMS_PROFILE", text);
  return parsed.costs;
}

// A forked child has other things to say.
pid_t told_by = 0;

__attribute__((destructor)) void tell_time() {
  if (told_by != getpid()) return;
  const kernel::CpuUsage usage = kernel::virtual_cpus.usage();
  const int count = kernel::virtual_cpus.options().count;
  dprintf(STDERR_FILENO, "virtual time %.6f ms on %d CPU%s, utilisation %.0f %%\n",
          static_cast<double>(usage.moment) / 1e6, count, count == 1 ? "" : "s",
          usage.utilisation * 100);
}

}  // namespace

void refuse_variable(const char* name, const char* text) {
  kernel::pr_err("{}='{}' makes no sense: the program does not begin", name, text);
  _exit(125);
}

kernel::CpuOptions cpus_of_environment() {
  kernel::CpuOptions options;
  if (kernel::switched_on(std::getenv("UMS_TIME"))) told_by = getpid();
  const char* const count = std::getenv("UMS_CPUS");
  if (count == nullptr) return options;
  options.count = count_of(count);
  options.are_visible = true;
  options.quantum = kQuantumNs;
  if (const char* const profile = std::getenv("UMS_PROFILE")) options.costs = costs_of(profile);
  return options;
}

}  // namespace ums::api
