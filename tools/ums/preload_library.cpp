// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/preload_library.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace ums::command {

std::string preload_library(const std::string& machine) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const char* const name = machine == "simulated" ? "libums-simulated.so" : "libums-preload.so";
  return (self.parent_path() / UMS_LIBRARIES_FROM_HERE / name).lexically_normal();
}

std::string why_not_usable(const std::string& library) {
  if (access(library.c_str(), R_OK) != 0) {
    return fmt::format("cannot read '{}': {}; install the project as a whole", library,
                       std::strerror(errno));
  }
  if (library.find_first_of(": \t\n") != std::string::npos) {
    return fmt::format(
        "'{}' cannot be preloaded, since its path has a blank or a colon in it; "
        "install the project elsewhere",
        library);
  }
  return {};
}

}  // namespace ums::command
