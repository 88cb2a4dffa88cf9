// SPDX-License-Identifier: Apache-2.0
//
// kassert: a check of the kernel against itself, on in every build (Linux: BUG_ON).
//
//     kassert(state_ == WorkerState::kRunning, "worker {} is {}", id, name(state_));
//
// A failed check is a defect of this project, never of the program above it: what a program does
// wrong gets an errno (see debug/misuse.h). The message holds the values that broke the promise;
// they are formatted only when it is broken, so a check costs one compare and one branch.
//
// Thread safety: usable anywhere but on a park stack. Failing writes one line to standard error by
// a bare system call, without allocating, and aborts the process.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <string_view>

namespace ums::kernel {

// Writes "kernel BUG at FILE:LINE: EXPRESSION: MESSAGE" to standard error and aborts.
[[noreturn]] void kassert_failed(const char* expression, const char* file, int line,
                                 std::string_view message) noexcept;

// Formats the values, then fails. Kept apart so that the check itself stays small.
template <typename... Args>
[[noreturn, gnu::cold, gnu::noinline]] void kassert_failed_with(const char* expression,
                                                                const char* file, int line,
                                                                fmt::format_string<Args...> format,
                                                                Args&&... args) noexcept {
  char text[256];
  const auto end = fmt::format_to_n(text, sizeof text, format, static_cast<Args&&>(args)...);
  const std::size_t length = end.size < sizeof text ? end.size : sizeof text;
  kassert_failed(expression, file, line, std::string_view(text, length));
}

#define kassert(condition, ...)                                                        \
  do {                                                                                 \
    if (!(condition)) [[unlikely]] {                                                   \
      ::ums::kernel::kassert_failed_with(#condition, __FILE__, __LINE__, __VA_ARGS__); \
    }                                                                                  \
  } while (false)

}  // namespace ums::kernel
