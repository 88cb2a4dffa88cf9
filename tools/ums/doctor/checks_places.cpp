// SPDX-License-Identifier: Apache-2.0
//
// Checks of files and folders.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "sim_kernel/publish/run_folder.h"
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

// Why a run folder cannot be used as it is, or made; empty if it can.
std::string why_not_run_folder(const std::string& folder) {
  const int opened = kernel::open_run_folder(folder.c_str(), false);
  if (opened == -ENOENT) return why_no_folder_in(folder.substr(0, folder.rfind('/')));
  if (opened == -EPERM) return "it belongs to another user, or others may use it: chmod 700";
  if (opened < 0) return std::strerror(-opened);
  close(opened);
  return access(folder.c_str(), W_OK) == 0 ? "" : std::strerror(errno);
}

// Whether Linux promises the room for pages before they are written.
bool can_populate() {
  constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE
  constexpr std::size_t kBytes = 65536;
  void* const pages =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return true;  // nothing to be learned
  const bool done = madvise(pages, kBytes, kPopulateWrite) == 0;
  munmap(pages, kBytes);
  return done;
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

// Where kernels show their state: as sim_kernel/publish/run_folder.h has it.
Finding check_run_folder() {
  const std::string lost = "kernels cannot be found from outside (ums ps, tree, cat and top)";
  if (!can_populate()) {
    return limited("Linux does not know MADV_POPULATE_WRITE (5.14 does): " + lost, "");
  }
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  const char* const temporary = std::getenv("TMPDIR");
  const std::string instead = temporary != nullptr && *temporary == '/' ? temporary : "/tmp";
  std::string found = "XDG_RUNTIME_DIR is not set";
  if (runtime != nullptr && *runtime != '\0') {
    const std::string folder = std::string(runtime) + "/ums";
    std::string fault = why_not_private(runtime);
    if (fault.empty()) fault = why_not_run_folder(folder);
    if (fault.empty()) return ok(fmt::format("'{}' can be used", folder));
    found = fmt::format("XDG_RUNTIME_DIR '{}': {}", runtime, fault);
  }
  const std::string folder = fmt::format("{}/ums-{}", instead, geteuid());
  const std::string fault = why_not_run_folder(folder);
  if (fault.empty()) return ok(fmt::format("{}; '{}' can be used", found, folder));
  return limited(fmt::format("{}; '{}': {}: {}", found, folder, fault, lost),
                 "set XDG_RUNTIME_DIR to a folder of yours with mode 0700");
}

Finding check_preload_library() {
  const std::string library = preload_library("parallel");
  const std::string fault = why_not_usable(library);
  if (fault.empty()) return ok(fmt::format("'{}' is there", library));
  return limited(fault + "; there is no ums run --machine parallel", "");
}

}  // namespace ums::command
