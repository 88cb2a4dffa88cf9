// SPDX-License-Identifier: Apache-2.0
//
// ums COMMAND: programs with user-mode scheduling on systems whose kernel has none. `ums --help`
// says how it is used; command_line.h, run_preloaded.h and doctor/diagnosis.h are the commands.
//
// Exit status: 0 done, 1 failed, 2 wrong usage; of `ums run` that of the program, or 125 to 127.
#include <langinfo.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <exception>
#include <system_error>

#include "tools/ums/command_line.h"
#include "tools/ums/doctor/diagnosis.h"
#include "tools/ums/exec_program.h"
#include "tools/ums/explore/explore.h"
#include "tools/ums/inspect/mirror.h"
#include "tools/ums/inspect/ps.h"
#include "tools/ums/inspect/top.h"
#include "tools/ums/inspect/tree.h"
#include "tools/ums/profile/measure_costs.h"
#include "tools/ums/run_preloaded.h"
#include "tools/ums/run_server.h"

namespace {

using namespace ums::command;

// Prints all of it, or says why not. Returns whether it could.
bool print(const std::string& text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return true;
  }
  std::fprintf(stderr, "ums: cannot write to standard output: %s\n", std::strerror(errno));
  return false;
}

int do_request(const PrintText& request) { return print(request.text) ? 0 : 1; }

int do_request(const RunOptions& request) {
  try {
    return request.machine == "server" ? run_server(request) : run_preloaded(request);
  } catch (const std::exception& error) {
    complain(error.what());
    return kFailedItself;
  }
}

// Runs `run(request)`, or complains.
template <typename Options>
int run_or_complain(const char* command, int (*run)(const Options&), const Options& request) {
  try {
    return run(request);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", command, error.what());
    return kFailedItself;
  }
}

int do_request(const ExploreOptions& request) {
  return run_or_complain("ums explore", run_explore, request);
}

int do_request(const ReplayOptions& request) {
  return run_or_complain("ums replay", run_replay, request);
}

int do_request(const DoctorOptions& request) {
  const Diagnosis diagnosis = examine_host();
  if (!print(request.json ? diagnosis.json() : diagnosis.text())) return 1;
  return diagnosis.works() ? 0 : 1;
}

int do_request(const ProfileOptions&) {
  const std::string text = text_of_costs(measure_costs(), "\n");
  return print("# nanoseconds, measured by `ums profile`\n" + text + "\n") ? 0 : 1;
}

// Whether line-drawing characters come out as such.
bool has_utf8() { return std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0; }

// Says what could not be read. Returns the exit status.
int complain_of(const char* command, const std::vector<std::string>& faults) {
  for (const std::string& fault : faults) std::fprintf(stderr, "%s: %s\n", command, fault.c_str());
  return faults.empty() ? 0 : 1;
}

int do_request(const PsOptions& request) {
  const Kernels kernels = find_kernels();
  if (!print(request.json ? ps_json(kernels) : ps_text(kernels))) return 1;
  return complain_of("ums ps", kernels.faults);
}

int do_request(const TreeOptions& request) {
  Mirror mirror;
  const std::vector<std::string> faults = mirror.refresh();
  std::string text;
  try {
    if (mirror.size() == 0 && request.path.empty() && !request.json) {
      text = kNoKernel;
    } else {
      text = request.json ? tree_json(request.path) : tree_text(request.path, !has_utf8());
    }
  } catch (const std::system_error& error) {
    complain_of("ums tree", faults);
    return complain_of("ums tree", {request.path + ": " + error.code().message()});
  }
  if (!print(text)) return 1;
  return complain_of("ums tree", faults);
}

int do_request(const CatOptions& request) {
  Mirror mirror;
  int status = complain_of("ums cat", mirror.refresh());
  for (const std::string& path : request.paths) {
    try {
      if (!print(file_text(path))) return 1;
    } catch (const std::system_error& error) {
      status = complain_of("ums cat", {path + ": " + error.code().message()});
    }
  }
  return status;
}

int do_request(const TopOptions& request) { return run_top(request); }

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  try {
    const Request request = parse_command_line(argc, argv);
    return std::visit([](const auto& what) { return do_request(what); }, request);
  } catch (const UsageError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.exit_status();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ums: %s\n", error.what());
    return 1;
  }
}
