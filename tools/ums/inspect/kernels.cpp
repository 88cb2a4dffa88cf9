// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/inspect/kernels.h"

#include <dirent.h>
#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "sim_kernel/publish/left_file.h"
#include "sim_kernel/publish/run_folder.h"

namespace ums::command {
namespace {

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

std::string fault_of(int error) {
  if (error == EPERM) return "it belongs to another user, or others may use it: chmod 700";
  return std::strerror(error);
}

[[noreturn]] void fail(int error, const std::string& path) {
  throw std::system_error(error, std::generic_category(), path);
}

void look_into(const std::string& path, Kernels& kernels) {
  const int opened = kernel::open_run_folder(path.c_str(), false);
  if (opened == -ENOENT) return;
  if (opened == -EMFILE || opened == -ENFILE || opened == -ENOMEM) fail(-opened, path);
  if (opened < 0) {
    kernels.faults.push_back(fmt::format("run folder '{}': {}", path, fault_of(-opened)));
    return;
  }
  const Folder folder(fdopendir(opened), closedir);
  if (folder == nullptr) {
    close(opened);
    fail(ENOMEM, path);
  }
  std::vector<std::string> names;
  while (const dirent* const entry = readdir(folder.get())) {
    const char* const name = static_cast<const char*>(entry->d_name);
    if (kernel::is_state_file_name(name)) names.emplace_back(name);
  }
  for (const std::string& name : names) {
    try {
      auto reader = StateReader::open(opened, path, name);
      if (reader) kernels.running.push_back(std::move(*reader));
    } catch (const StateError& error) {
      kernels.faults.emplace_back(error.what());
    }
  }
}

}  // namespace

Kernels find_kernels() {
  Kernels kernels;
  const kernel::RunFolders folders = kernel::run_folders();
  for (int i = 0; i < folders.count; ++i) {
    look_into(static_cast<const char*>(folders.paths[i]), kernels);
  }
  std::sort(kernels.running.begin(), kernels.running.end(),
            [](const StateReader& a, const StateReader& b) { return a.pid() < b.pid(); });
  return kernels;
}

}  // namespace ums::command
