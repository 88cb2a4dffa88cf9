// SPDX-License-Identifier: Apache-2.0
//
// printk: the kernel log (Linux: printk, dmesg).
//
//     pr_warn("list {} is gone", id);
//
// A record goes to a ring in memory, which printk_read shows to tests and tools. Errors and
// warnings also go to standard error, as `ums: TEXT`. With UMS_LOG=FILE in the environment every
// record is appended to FILE, stamped as dmesg does: `[   12.345678] TEXT`, seconds of
// CLOCK_MONOTONIC. A FILE that cannot be opened is reported once, and the program goes on.
// A text of several lines stays one record: each line gets its prefix, and one write(2) takes all.
//
// Invariants:
// 1. Sequence numbers start at 0 and count every record of the process.
// 2. printk never waits: a record whose place in the ring is being written by somebody else (which
//    takes kPrintkRecords newer records in the meantime) is missing from the ring, not from FILE.
// 3. A reader sees a record whole or not at all.
//
// Thread safety: printk from any thread and any signal handler, one that interrupted printk too;
// never on a park stack. Allocates nothing, leaves errno alone.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sim_kernel/base/limits.h"

namespace ums::kernel {

// Linux's levels by name.
enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };

// Opens what UMS_LOG names. Called by start_kernel before there are other threads in the kernel;
// tests call it again after they changed the environment.
void printk_init() noexcept;

// In a forked child: gives up records that threads of the parent were writing.
void printk_reset_after_fork() noexcept;

// Logs `text` as it is; a final end of line is not part of it.
void printk_text(LogLevel level, std::string_view text) noexcept;

template <typename... Args>
[[gnu::cold, gnu::noinline]] void printk(LogLevel level, fmt::format_string<Args...> format,
                                         Args&&... args) noexcept {
  char text[kPrintkTextBytes];
  const auto end = fmt::format_to_n(text, sizeof text, format, static_cast<Args&&>(args)...);
  printk_text(level, std::string_view(text, end.size < sizeof text ? end.size : sizeof text));
}

template <typename... Args>
void pr_err(fmt::format_string<Args...> format, Args&&... args) noexcept {
  printk(LogLevel::kError, format, static_cast<Args&&>(args)...);
}
template <typename... Args>
void pr_warn(fmt::format_string<Args...> format, Args&&... args) noexcept {
  printk(LogLevel::kWarning, format, static_cast<Args&&>(args)...);
}
template <typename... Args>
void pr_info(fmt::format_string<Args...> format, Args&&... args) noexcept {
  printk(LogLevel::kInfo, format, static_cast<Args&&>(args)...);
}

struct LogRecord {
  std::uint64_t sequence;
  std::uint64_t time_ns;  // CLOCK_MONOTONIC
  LogLevel level;
  std::size_t length;
  char bytes[kPrintkTextBytes];

  std::string_view text() const noexcept { return {bytes, length}; }
};

// The sequence number that the next record gets.
std::uint64_t printk_next_sequence() noexcept;

// Copies a record out of the ring. False if it is not there: overwritten, or not written yet.
bool printk_copy(std::uint64_t sequence, LogRecord& record) noexcept;

// Calls visit(record) for the records that the ring holds, oldest first, from `sequence` on.
// Returns how many there were.
template <typename Visitor>
std::size_t printk_read(std::uint64_t sequence, Visitor&& visit) {
  const std::uint64_t end = printk_next_sequence();
  if (end > kPrintkRecords && sequence < end - kPrintkRecords) sequence = end - kPrintkRecords;
  std::size_t count = 0;
  LogRecord record;
  for (; sequence < end; ++sequence) {
    if (!printk_copy(sequence, record)) continue;
    visit(static_cast<const LogRecord&>(record));
    ++count;
  }
  return count;
}

}  // namespace ums::kernel
