// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/simulated_program.h"

#include <fmt/format.h>
#include <sys/personality.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "tools/ums/preloadable.h"
#include "tools/ums/preloading.h"

namespace ums::command {

void prepare_simulated(const std::string& name, const CpuChoice& cpus) {
  const std::string program = find_program(name);
  if (program.empty()) throw std::runtime_error(fmt::format("'{}' is not found", name));
  const bool is_folder = std::filesystem::is_directory(program);
  if (is_folder || access(program.c_str(), X_OK) != 0) {
    throw std::system_error(is_folder ? EISDIR : errno, std::generic_category(),
                            fmt::format("'{}'", name));
  }
  preload_machine("simulated", name);
  set_cpus(cpus);
  unsetenv("UMS_TIME");
  unsetenv("UMS_SEED");
  unsetenv("UMS_SCHEDULE");
  setenv("UMS_QUIET", "1", 1);
  const int now = personality(0xffffffff);
  if (now < 0 || personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE) < 0) {
    std::fputs(
        "Note: this system forbids to switch off the randomisation of addresses: a failure that\n"
        "depends on them may not come again.\n",
        stderr);
  }
}

}  // namespace ums::command
