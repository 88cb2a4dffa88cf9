// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/descriptor.h"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <vector>

namespace ums::command {

void fill_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    if (open("/dev/null", O_RDWR | O_CLOEXEC) >= 0) continue;  // the lowest free one: fd
    throw std::system_error(errno, std::generic_category(), "cannot open /dev/null");
  }
}

void close_inherited(int kept) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), closedir);
  if (!folder) throw std::system_error(errno, std::generic_category(), "cannot list /proc/self/fd");
  std::vector<int> inherited;
  while (const dirent* entry = readdir(folder.get())) {
    const int fd = std::atoi(entry->d_name);  // "." and "..": 0, like the name "0"
    const int flags = entry->d_name[0] == '.' ? -1 : fcntl(fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0 && fd != kept) inherited.push_back(fd);
  }
  for (const int fd : inherited) close(fd);
}

}  // namespace ums::command
