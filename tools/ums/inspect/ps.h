// SPDX-License-Identifier: Apache-2.0
//
// `ums ps`: a line for each process that a kernel of this user serves.
//
// Thread safety: one thread.
#pragma once

#include <string>
#include <vector>

#include "tools/ums/inspect/kernels.h"

namespace ums::command {

// A process, with all that its threads have open.
struct ProcessRow {
  pid_t process;
  std::vector<std::string> command;
  std::size_t files;
  std::size_t schedulers;
  std::size_t workers;
};

// A kernel process that has nobody to serve has no rows.
std::vector<ProcessRow> process_rows(const StateReader& kernel);

const char* kind_name(const StateReader& kernel);

// What is printed if there is no kernel.
inline constexpr const char* kNoKernel = "No UMS kernel of this user is running.\n";

// The table, or one JSON object: {"kernels": [{"pid", "name", "kind", "command", "age_seconds",
// "incomplete", "processes": [{"pid", "command", "files", "schedulers", "workers"}]}]}.
std::string ps_text(const Kernels& kernels);
std::string ps_json(const Kernels& kernels);

}  // namespace ums::command
