// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/record_file.h"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "tools/ums/descriptor.h"

namespace ums::command {

std::string check_record(const std::string& words, const std::string& path) {
  const Descriptor file(
      open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666));
  if (!file) throw std::system_error(errno, std::generic_category(), words);
  return std::filesystem::absolute(path).string();
}

}  // namespace ums::command
