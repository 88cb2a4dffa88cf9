// SPDX-License-Identifier: Apache-2.0
//
// CostProfile: what things cost in virtual time, in nanoseconds. As text, a line each:
//
//     # measured on a machine of mine
//     system_call    = 120
//     context_switch = 1300
//
// What no line names costs nothing. `zero` and `default` are profiles by their names.
//
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim_kernel/simulated/choice.h"

namespace ums::kernel {

struct CostProfile {
  std::uint64_t system_call = 0;     // into the kernel and back
  std::uint64_t context_switch = 0;  // a CPU goes on with another task than before
  std::uint64_t wake_up = 0;         // for who wakes a task
  std::uint64_t migration = 0;       // a task goes on on another CPU than before
  std::uint64_t lock = 0;            // to take one, or to release it, where nobody waits
  std::uint64_t create = 0;          // for who creates a thread

  friend bool operator==(const CostProfile&, const CostProfile&) = default;
};

struct CostName {
  std::string_view name;
  std::uint64_t CostProfile::*cost;
};

inline constexpr CostName kCostNames[] = {{"system_call", &CostProfile::system_call},
                                          {"context_switch", &CostProfile::context_switch},
                                          {"wake_up", &CostProfile::wake_up},
                                          {"migration", &CostProfile::migration},
                                          {"lock", &CostProfile::lock},
                                          {"create", &CostProfile::create}};

// What `ums profile` has measured, rounded: on a virtual machine with 2 CPUs (AMD EPYC, Linux 6.18)
// that did something else too.
inline constexpr CostProfile kDefaultProfile = {.system_call = 120,
                                                .context_switch = 750,
                                                .wake_up = 1200,
                                                .migration = 900,
                                                .lock = 6,
                                                .create = 18000};

struct ParsedProfile {
  CostProfile costs;
  int wrong_line = 0;           // 0: none
  const char* fault = nullptr;  // of that line, in words
};

// Of a name, or of a text.
ParsedProfile parse_cost_profile(std::string_view text) noexcept;

// What a step costs who makes it, if it need not wait.
std::uint64_t cost_of_step(const CostProfile& costs, EventKind step) noexcept;

}  // namespace ums::kernel
