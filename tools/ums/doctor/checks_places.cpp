// SPDX-License-Identifier: Apache-2.0
//
// Checks of files and folders.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "tools/ums/descriptor.h"
#include "tools/ums/doctor/checks.h"
#include "tools/ums/preload_library.h"
#include "tools/ums/preloadable.h"

namespace ums::command {
namespace {

// Why a folder cannot be made in `folder` by this user; empty if it could (it is removed again).
std::string why_no_folder_in(const std::string& folder) {
  const std::string name_pattern = folder + "/ums-doctor-XXXXXX";
  std::vector<char> name(name_pattern.begin(), name_pattern.end());
  name.push_back('\0');
  if (mkdtemp(name.data()) == nullptr) return std::strerror(errno);
  rmdir(name.data());
  return {};
}

// Why $XDG_RUNTIME_DIR is not a private folder of this user, where things can be put.
std::string why_not_private(const std::string& folder) {
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) return std::strerror(errno);
  if (!S_ISDIR(status.st_mode)) return "it is no folder";
  if (status.st_uid != geteuid()) return fmt::format("it belongs to user {}", status.st_uid);
  if ((status.st_mode & 077) != 0) return "others than its owner may use it";
  return why_no_folder_in(folder);
}

}  // namespace

Finding check_fuse() {
  const std::string lost = "folders cannot be mounted (ums run --proc), the rest works";
  const Descriptor device(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!device) {
    return limited(fmt::format("{}: {}", std::strerror(errno), lost),
                   errno == ENOENT ? "as root: modprobe fuse; in a container: --device /dev/fuse"
                                   : "as root: chmod 666 /dev/fuse");
  }
  if (find_program("fusermount3").empty()) {
    return limited("fusermount3 is not in PATH: " + lost, "apt-get install fuse3");
  }
  return ok("can be opened, and fusermount3 is there");
}

Finding check_run_folder() {
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  const char* const temporary = std::getenv("TMPDIR");
  const std::string instead = temporary != nullptr && *temporary == '/' ? temporary : "/tmp";
  std::string found = "XDG_RUNTIME_DIR is not set";
  if (runtime != nullptr && *runtime != '\0') {
    const std::string fault = why_not_private(runtime);
    if (fault.empty()) return ok(fmt::format("'{}' can be used", runtime));
    found = fmt::format("XDG_RUNTIME_DIR '{}': {}", runtime, fault);
  }
  const std::string fault = why_no_folder_in(instead);
  if (fault.empty()) return ok(fmt::format("{}; a folder in '{}' can be used", found, instead));
  return limited(
      fmt::format("{}; '{}': {}: kernels cannot be found from outside", found, instead, fault),
      "set XDG_RUNTIME_DIR to a folder of yours with mode 0700");
}

Finding check_preload_library() {
  const std::string library = preload_library();
  const std::string fault = why_not_usable(library);
  if (fault.empty()) return ok(fmt::format("'{}' is there", library));
  return limited(fault + "; there is no ums run --machine parallel", "");
}

}  // namespace ums::command
