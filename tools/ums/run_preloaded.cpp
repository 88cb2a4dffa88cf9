// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/run_preloaded.h"

#include <fmt/core.h>

#include <cstdlib>
#include <string>

#include "tools/ums/exec_program.h"
#include "tools/ums/path_server.h"
#include "tools/ums/preload_library.h"
#include "tools/ums/preloadable.h"
#include "tools/ums/proc_mount.h"
#include "tools/ums/record_file.h"

namespace ums::command {
namespace {

// Ours comes first; what the person preloads stays.
void preload(const std::string& library) {
  const char* others = std::getenv("LD_PRELOAD");
  const bool has_others = others != nullptr && *others != '\0';
  setenv("LD_PRELOAD", has_others ? fmt::format("{}:{}", library, others).c_str() : library.c_str(),
         1);
}

// AddressSanitizer's library refuses to start where another was loaded before it.
void allow_before_asan() {
  constexpr const char* kOption = "verify_asan_link_order=0";
  const char* options = std::getenv("ASAN_OPTIONS");
  const bool has_options = options != nullptr && *options != '\0';
  setenv("ASAN_OPTIONS", has_options ? fmt::format("{}:{}", options, kOption).c_str() : kOption, 1);
}

// The kernel is in the programs: it is told by their environment.
void set_records(const RunOptions& options) {
  const std::string& log = options.log;
  const std::string& strace = options.strace;
  if (!log.empty()) setenv("UMS_LOG", check_record("--log " + log, log).c_str(), 1);
  if (strace.empty()) return;
  const bool is_stderr = strace == "-";
  const std::string file = is_stderr ? "1" : check_record("--strace=" + strace, strace);
  setenv("UMS_STRACE", file.c_str(), 1);
}

}  // namespace

int run_preloaded(const RunOptions& options) {
  const std::string& name = options.command[0];
  const std::string reason = why_not_preloadable(find_program(name));
  if (!reason.empty()) {
    complain(fmt::format("'{}' {}: the {} machine cannot be loaded into it", name, reason,
                         options.machine));
    return kFailedItself;
  }
  const std::string library = preload_library(options.machine);
  const std::string fault = why_not_usable(library);
  if (!fault.empty()) {
    complain(fault);
    return kFailedItself;
  }
  set_records(options);
  preload(library);
  allow_before_asan();
  setenv("UMS_BACKEND", "sim", 1);
  if (options.machine == "simulated") setenv("UMS_SEED", std::to_string(options.seed).c_str(), 1);
  PathServer server;
  return run_front_with_proc(options.proc, options.command, server);
}

}  // namespace ums::command
