// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/doctor/diagnosis.h"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>

#include "tools/ums/doctor/checks.h"

namespace ums::command {
namespace {

struct Check {
  const char* name;
  bool needed;  // by `ums run` in its default mode
  Finding (*make)();
};

constexpr Check kChecks[] = {
    {"kernel", true, check_kernel_release},
    {"seccomp", true, check_seccomp},
    {"seccomp addfd", true, check_descriptor_answers},
    {"seccomp wake-up", false, check_wake_up},
    {"remote memory", true, check_remote_memory},
    {"pidfd", true, check_pidfd},
    {"no_new_privs", false, check_no_new_privs},
    {"ptrace scope", false, check_ptrace_scope},
    {"/dev/fuse", false, check_fuse},
    {"run folder", false, check_run_folder},
    {"preload library", false, check_preload_library},
    {"thread pointer", false, check_thread_pointer},
    {"rseq", false, check_rseq},
    {"membarrier", false, check_membarrier},
    {"threads", true, check_threads},
    {"thread limits", false, check_thread_limits},
    {"stack memory", false, check_stack_memory},
};

Finding make(const Check& check) {
  try {
    return check.make();
  } catch (const std::exception& error) {
    return {check.needed ? Finding::kFails : Finding::kLimited,
            fmt::format("cannot be tried: {}", error.what()),
            {}};
  }
}

}  // namespace

bool Diagnosis::works() const {
  return std::none_of(rows_.begin(), rows_.end(),
                      [](const Row& row) { return row.finding.verdict == Finding::kFails; });
}

std::string Diagnosis::text() const {
  constexpr const char* kWords[] = {"ok", "limited", "FAIL"};
  std::string text;
  for (const auto& [name, finding] : rows_) {
    text += fmt::format("{:<8} {:<16} {}", kWords[finding.verdict], name, finding.found);
    if (!finding.remedy.empty()) text += fmt::format("; to do: {}", finding.remedy);
    text += '\n';
  }
  return text + (works() ? "A kernel process can serve programs here.\n"
                         : "A kernel process cannot serve programs here.\n");
}

std::string Diagnosis::json() const {
  constexpr const char* kWords[] = {"ok", "limited", "fails"};
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const auto& [name, finding] : rows_) {
    checks.push_back({{"name", name},
                      {"verdict", kWords[finding.verdict]},
                      {"found", finding.found},
                      {"remedy", finding.remedy}});
  }
  const nlohmann::ordered_json all{{"works", works()}, {"checks", checks}};
  using nlohmann::json;
  return all.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Diagnosis examine_host() {
  Diagnosis diagnosis;
  for (const Check& check : kChecks) diagnosis.add(check.name, make(check));
  return diagnosis;
}

}  // namespace ums::command
