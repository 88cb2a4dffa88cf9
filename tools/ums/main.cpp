// SPDX-License-Identifier: Apache-2.0
//
// ums COMMAND: programs with user-mode scheduling on systems whose kernel has none. `ums --help`
// says how it is used; command_line.h, run_parallel.h and doctor/diagnosis.h are the commands.
//
// Exit status: 0 done, 1 failed, 2 wrong usage; of `ums run` that of the program, or 125 to 127.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

#include "tools/ums/command_line.h"
#include "tools/ums/doctor/diagnosis.h"
#include "tools/ums/exec_program.h"
#include "tools/ums/inspect/ps.h"
#include "tools/ums/run_parallel.h"
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
    return request.machine == "parallel" ? run_parallel(request) : run_server(request);
  } catch (const std::exception& error) {
    complain(error.what());
    return kFailedItself;
  }
}

int do_request(const DoctorOptions& request) {
  const Diagnosis diagnosis = examine_host();
  if (!print(request.json ? diagnosis.json() : diagnosis.text())) return 1;
  return diagnosis.works() ? 0 : 1;
}

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

}  // namespace

int main(int argc, char** argv) {
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
