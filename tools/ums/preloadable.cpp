// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/preloadable.h"

#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string_view>

#include "tools/ums/elf_file.h"

namespace ums::command {
namespace {

constexpr int kInterpretersMax = 5;  // Linux refuses longer chains of scripts

bool is_executable(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

// What Linux would execute for the script `path`: the word after #!, or the shell, as execvp does.
std::string interpreter_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char head[256] = {};
  file.read(head, sizeof head);
  std::string_view line(head, static_cast<std::size_t>(file.gcount()));
  if (!line.starts_with("#!")) return "/bin/sh";
  line = line.substr(2, line.find('\n') - 2);
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return "/bin/sh";
  line.remove_prefix(begin);
  return std::string(line.substr(0, line.find_first_of(" \t\r")));
}

// Whether executing `path` would change who this process is, so that the dynamic linker trusts its
// environment no longer (ld.so(8), secure-execution mode).
bool has_privileges(const std::string& path) {
  struct stat status {};
  struct statvfs place {};
  if (stat(path.c_str(), &status) != 0 || statvfs(path.c_str(), &place) != 0) return false;
  if ((place.f_flag & ST_NOSUID) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return false;
  if ((status.st_mode & S_ISUID) != 0 && status.st_uid != geteuid()) return true;
  constexpr mode_t kSetsGroup = S_ISGID | S_IXGRP;
  if ((status.st_mode & kSetsGroup) == kSetsGroup && status.st_gid != getegid()) return true;
  return geteuid() != 0 && getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
}

std::string why_not_elf(const std::string& path, const ElfFile& elf) {
  if (!elf.our_machine) return "is built for another machine than this 'ums'";
  if (elf.interpreter.empty()) return "is statically linked";
  if (elf.interpreter.find("/ld-musl") != std::string::npos) {
    return "is linked with another C library (musl)";
  }
  if (has_privileges(path)) return "gets privileges when it is executed (set-user-id or the like)";
  return {};
}

}  // namespace

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* variable = std::getenv("PATH");
  std::string_view folders = variable != nullptr ? variable : "/bin:/usr/bin";
  while (!name.empty()) {
    const std::size_t end = folders.find(':');
    const std::string_view folder = folders.substr(0, end);
    std::string path = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
    if (is_executable(path)) return path;
    if (end == std::string_view::npos) break;
    folders.remove_prefix(end + 1);
  }
  return {};
}

std::string why_not_preloadable(const std::string& path) {
  std::string file = path;
  for (int i = 0; i < kInterpretersMax && is_executable(file); ++i) {
    if (access(file.c_str(), R_OK) != 0) return {};
    if (const auto elf = read_elf_file(file)) {
      std::string reason = why_not_elf(file, *elf);
      if (reason.empty() || i == 0) return reason;
      return fmt::format("is a script of '{}', which {}", file, reason);
    }
    file = interpreter_of(file);
  }
  return {};
}

}  // namespace ums::command
