// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/inspect/ps.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "tools/ums/inspect/json_text.h"
#include "tools/ums/inspect/kernel_state.h"
#include "tools/ums/inspect/process_name.h"

namespace ums::command {
namespace {

using nlohmann::ordered_json;

// Where an embedded kernel runs, Linux need not know its program by this id (another namespace).
std::vector<std::string> command_of(pid_t process, const StateReader& kernel) {
  std::vector<std::string> words = command_words(process);
  return words.empty() && process == kernel.pid() ? kernel.command() : words;
}

// Its name, or the id of its process.
std::string shown_kernel(const StateReader& kernel) {
  const std::string name = kernel.name();
  return name.empty() ? std::to_string(kernel.pid()) : shown_command({name});
}

std::string line(const StateReader& kernel, const ProcessRow* row) {
  const std::string process = row != nullptr ? std::to_string(row->process) : "-";
  return fmt::format(
      "{:>8} {:<9} {:>8} {:>10} {:>8} {:>5}  {}\n", shown_kernel(kernel), kind_name(kernel),
      process, row != nullptr ? row->schedulers : 0, row != nullptr ? row->workers : 0,
      shown_age(kernel.age_seconds()),
      shown_command(row != nullptr ? row->command : command_of(kernel.pid(), kernel)));
}

}  // namespace

const char* kind_name(const StateReader& kernel) {
  return kernel.kind() == kernel::KernelKind::kEmbedded ? "embedded" : "process";
}

std::vector<ProcessRow> process_rows(const StateReader& kernel) {
  const bool embedded = kernel.kind() == kernel::KernelKind::kEmbedded;
  std::map<pid_t, ProcessRow> rows;
  if (embedded) rows[kernel.pid()] = {};
  for (const UmsFile& file : read_kernel_state(kernel).files) {
    ProcessRow& row = rows[embedded ? kernel.pid() : process_of(file.opener)];
    ++row.files;
    row.schedulers += file.schedulers.size();
    row.workers += file.workers.size();
  }
  std::vector<ProcessRow> result;
  for (auto& [process, row] : rows) {
    row.process = process;
    row.command = command_of(process, kernel);
    result.push_back(std::move(row));
  }
  return result;
}

std::string ps_text(const Kernels& kernels) {
  if (kernels.running.empty()) return kNoKernel;
  std::string text = fmt::format("{:>8} {:<9} {:>8} {:>10} {:>8} {:>5}  {}\n", "KERNEL", "KIND",
                                 "PROCESS", "SCHEDULERS", "WORKERS", "AGE", "COMMAND");
  for (const StateReader& kernel : kernels.running) {
    const std::vector<ProcessRow> rows = process_rows(kernel);
    if (rows.empty()) text += line(kernel, nullptr);
    for (const ProcessRow& row : rows) text += line(kernel, &row);
    if (kernel.is_incomplete()) {
      text += fmt::format("{:>8} is incomplete: its run folder was full\n", shown_kernel(kernel));
    }
  }
  return text;
}

std::string ps_json(const Kernels& kernels) {
  ordered_json all = ordered_json::array();
  for (const StateReader& kernel : kernels.running) {
    ordered_json processes = ordered_json::array();
    for (const ProcessRow& row : process_rows(kernel)) {
      processes.push_back({{"pid", row.process},
                           {"command", row.command},
                           {"files", row.files},
                           {"schedulers", row.schedulers},
                           {"workers", row.workers}});
    }
    all.push_back({{"pid", kernel.pid()},
                   {"name", kernel.name()},
                   {"kind", kind_name(kernel)},
                   {"command", command_of(kernel.pid(), kernel)},
                   {"age_seconds", kernel.age_seconds()},
                   {"incomplete", kernel.is_incomplete()},
                   {"processes", processes}});
  }
  return json_text({{"kernels", all}});
}

}  // namespace ums::command
