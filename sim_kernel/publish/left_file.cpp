// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/publish/left_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include "sim_kernel/base/own_path_call.h"
#include "sim_kernel/base/process_stat.h"
#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

namespace {

// Linux's struct linux_dirent64.
struct Entry {
  std::uint64_t ino;
  std::int64_t offset;
  std::uint16_t bytes;
  unsigned char type;
  char name[1];
};

// A shared lock is gained only where nobody has an exclusive one.
bool is_locked(int descriptor) noexcept {
  if (raw_syscall(SYS_flock, descriptor, LOCK_SH | LOCK_NB) < 0) return true;
  raw_syscall(SYS_flock, descriptor, LOCK_UN);
  return false;
}

}  // namespace

ProcessIdentity process_identity(pid_t pid) noexcept {
  const ProcessStat stat(pid);
  return {stat.number(22), stat.number(28)};
}

bool is_state_file_name(const char* name) noexcept {
  const std::string_view text(name);
  const std::string_view pid = text.substr(0, text.find('-'));
  const std::string_view number = text.substr(pid.size() == text.size() ? 0 : pid.size() + 1);
  const auto is_number = [](std::string_view digits) {
    return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return is_number(pid) && is_number(number);
}

bool is_half_made(const StateHeader& header) noexcept {
  constexpr char kNothing[sizeof header.magic] = {};
  return std::memcmp(header.magic, kNothing, sizeof kNothing) == 0;
}

bool is_state_header(const StateHeader& header) noexcept {
  return is_half_made(header) || std::memcmp(header.magic, kStateMagic, sizeof kStateMagic) == 0;
}

bool is_left_behind(int descriptor, const StateHeader& header) noexcept {
  if (is_locked(descriptor)) return false;
  // Whoever makes a file has it locked until its header names the process.
  if (header.lock_lasts != 0 || header.pid == 0) return true;
  const ProcessIdentity now = process_identity(header.pid);
  return now.start != header.process_start || now.stack != header.process_stack;
}

namespace {

// Whether nobody fills the file `name` any more, which is empty. Its maker locks it right after.
bool is_left_empty(int descriptor, const char* name) noexcept {
  pid_t maker = 0;
  std::from_chars(name, name + std::strlen(name), maker);
  return !is_locked(descriptor) && raw_syscall(SYS_kill, maker, 0) == -ESRCH;
}

void remove_if_left_locked(int folder, const char* name) noexcept {
  const long file = own_path_call(SYS_openat, folder, syscall_arg(name),
                                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
  if (file < 0) return;
  StateHeader header;
  const long count =
      raw_syscall(SYS_pread64, file, syscall_arg(&header), static_cast<long>(sizeof header), 0);
  const int descriptor = static_cast<int>(file);
  const bool ours = count == static_cast<long>(sizeof header) && is_state_header(header);
  if (count == 0 ? is_left_empty(descriptor, name) : ours && is_left_behind(descriptor, header)) {
    own_path_call(SYS_unlinkat, folder, syscall_arg(name), 0);
  }
  raw_syscall(SYS_close, file);
}

}  // namespace

void remove_if_left(int folder, const char* name) noexcept {
  if (raw_syscall(SYS_flock, folder, LOCK_EX | LOCK_NB) < 0) return;
  remove_if_left_locked(folder, name);
  raw_syscall(SYS_flock, folder, LOCK_UN);
}

void remove_left_files(int folder, int max) noexcept {
  alignas(Entry) char entries[1024];
  long count = 0;
  while (max > 0 && (count = own_path_call(SYS_getdents64, folder, syscall_arg(entries),
                                           static_cast<long>(sizeof entries))) > 0) {
    for (long at = 0; at < count && max > 0;) {
      const auto& entry = *reinterpret_cast<const Entry*>(entries + at);
      at += entry.bytes;
      const char* const name = static_cast<const char*>(entry.name);
      if (!is_state_file_name(name)) continue;
      remove_if_left(folder, name);
      --max;
    }
  }
}

}  // namespace ums::kernel
