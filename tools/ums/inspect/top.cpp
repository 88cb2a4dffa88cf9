// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/inspect/top.h"

#include <fmt/core.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "tools/ums/inspect/process_name.h"
#include "tools/ums/inspect/ps.h"
#include "tools/ums/inspect/screen.h"

namespace ums::command {
namespace {

using nlohmann::ordered_json;

std::string shown(const std::optional<double>& number, const char* unit = "") {
  return number ? fmt::format("{:.0f}{}", *number, unit) : "-";
}

std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.1f} %", *share * 100) : "-";
}

ordered_json json_of(const std::optional<double>& number) {
  return number ? ordered_json(*number) : ordered_json(nullptr);
}

std::string process_lines(const Look& look) {
  std::string text =
      fmt::format("{:>8} {:<9} {:>10} {:>8} {:>8} {:>8} {:>11}  {}\n", "PROCESS", "KERNEL",
                  "SCHEDULERS", "RUNNING", "LISTED", "DEQUEUED", "SWITCHES/S", "COMMAND");
  for (const ProcessLook& process : look.processes) {
    text += fmt::format("{:>8} {:<9} {:>10} {:>8} {:>8} {:>8} {:>11}  {}\n", process.pid,
                        process.kind, process.schedulers.size(), process.workers.running,
                        process.workers.listed, process.workers.dequeued,
                        shown(process.switches_a_second), shown_command(process.command));
  }
  return text;
}

std::string scheduler_lines(const Look& look) {
  std::string text;
  for (const ProcessLook& process : look.processes) {
    for (const SchedulerLook& scheduler : process.schedulers) {
      if (text.empty()) {
        text = fmt::format("\n{:>8} {:>9} {:<10} {:>17} {:>8} {:>11}\n", "PROCESS", "SCHEDULER",
                           "STATE", "SWITCHES", "SHARE", "SWITCHES/S");
      }
      text += fmt::format("{:>8} {:>9} {:<10} {:>17} {:>8} {:>11}\n", process.pid, scheduler.id,
                          scheduler.state, scheduler.switches, percent(scheduler.share),
                          shown(scheduler.switches_a_second));
    }
  }
  return text;
}

std::string list_lines(const Look& look) {
  std::string text;
  for (const ProcessLook& process : look.processes) {
    for (const ListState& list : process.lists) {
      if (text.empty()) {
        text = fmt::format("\n{:>8} {:>9} {:>10} {:>8}\n", "PROCESS", "LIST", "LENGTH", "USERS");
      }
      text +=
          fmt::format("{:>8} {:>9} {:>10} {:>8}\n", process.pid, list.id, list.length, list.users);
    }
  }
  return text;
}

ordered_json json_of(const ProcessLook& process) {
  ordered_json schedulers = ordered_json::array();
  for (const SchedulerLook& scheduler : process.schedulers) {
    schedulers.push_back({{"id", scheduler.id},
                          {"state", scheduler.state},
                          {"switches", scheduler.switches},
                          {"switches_per_second", json_of(scheduler.switches_a_second)},
                          {"share", json_of(scheduler.share)}});
  }
  ordered_json lists = ordered_json::array();
  for (const ListState& list : process.lists) {
    lists.push_back({{"id", list.id}, {"length", list.length}, {"users", list.users}});
  }
  return {{"pid", process.pid},
          {"kernel", process.kernel},
          {"kind", process.kind},
          {"command", process.command},
          {"switches_per_second", json_of(process.switches_a_second)},
          {"workers",
           {{"running", process.workers.running},
            {"listed", process.workers.listed},
            {"dequeued", process.workers.dequeued}}},
          {"schedulers", schedulers},
          {"lists", lists}};
}

std::string fault_lines(const Look& look) {
  std::string text;
  for (const std::string& fault : look.faults) text += fmt::format("ums top: {}\n", fault);
  return text;
}

int watch(const TopOptions& options) {
  Screen screen;
  Looker looker;
  for (int left = options.count;;) {
    const Look look = looker.look();
    screen.show(top_text(look) + fault_lines(look));
    if (!screen.wait(options.delay_seconds) || (left > 0 && --left == 0)) return screen.finish();
  }
}

// Prints block after block, each about the time since the one before, while there is a kernel.
int print_blocks(const TopOptions& options) {
  Looker looker;
  Look look = looker.look();
  int status = 0;
  for (int left = options.count;;) {
    if (look.kernels > 0) {
      std::this_thread::sleep_for(std::chrono::duration<double>(options.delay_seconds));
      look = looker.look();
    }
    const std::string faults = fault_lines(look);
    if (!faults.empty()) status = 1;
    std::fputs(faults.c_str(), stderr);
    const std::string text = options.json ? top_json(look) : top_text(look) + "\n";
    if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) return 1;
    if (look.kernels == 0 || --left == 0) break;
  }
  return status;
}

}  // namespace

std::string top_text(const Look& look) {
  if (look.kernels == 0) return kNoKernel;
  std::size_t schedulers = 0;
  std::size_t workers = 0;
  for (const ProcessLook& process : look.processes) {
    schedulers += process.schedulers.size();
    workers += process.workers.running + process.workers.listed + process.workers.dequeued;
  }
  return fmt::format("UMS kernels: {}, processes: {}, schedulers: {}, workers: {}\n\n",
                     look.kernels, look.processes.size(), schedulers, workers) +
         process_lines(look) + scheduler_lines(look) + list_lines(look);
}

std::string top_json(const Look& look) {
  ordered_json processes = ordered_json::array();
  for (const ProcessLook& process : look.processes) processes.push_back(json_of(process));
  const ordered_json all{{"kernels", look.kernels}, {"processes", processes}};
  return all.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

int run_top(const TopOptions& options) {
  return !options.json && Screen::there_is_one() ? watch(options) : print_blocks(options);
}

}  // namespace ums::command
