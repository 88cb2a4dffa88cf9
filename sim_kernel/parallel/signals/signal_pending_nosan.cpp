// SPDX-License-Identifier: Apache-2.0
//
// Called on a park stack; see idle_nosan.cpp for what that forbids.
#include "sim_kernel/parallel/signals/signal_pending.h"

#include "sim_kernel/base/proc_file.h"

namespace ums::kernel {

namespace {

// The last eight bytes that were read, the latest in the lowest.
constexpr std::uint64_t key(const char (&text)[9]) noexcept {
  std::uint64_t bytes = 0;
  for (int i = 0; i < 8; ++i) bytes = bytes << 8 | static_cast<unsigned char>(text[i]);
  return bytes;
}

constexpr std::uint64_t hex_digit(char c) noexcept {
  return static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
}

//     SigPnd:	0000000000000000
//     ShdPnd:	0000000000000200
class StatusReader {
 public:
  explicit StatusReader(PendingSignals& pending) noexcept : pending_(pending) {}

  // Returns true once both lines have passed.
  bool read(char c) noexcept {
    last_ = last_ << 8 | static_cast<unsigned char>(c);
    if (last_ == key("\nSigPnd:")) {
      field_ = &pending_.thread;
    } else if (last_ == key("\nShdPnd:")) {
      field_ = &pending_.process;
    } else if (c == '\n') {
      if (field_ == &pending_.process) return true;
      field_ = nullptr;
    } else if (field_ != nullptr && c > ' ') {
      *field_ = *field_ << 4 | hex_digit(c);
    }
    return false;
  }

  // Whether the second line was reached.
  bool complete() const noexcept { return field_ == &pending_.process; }

 private:
  PendingSignals& pending_;
  std::uint64_t last_ = 0;
  std::uint64_t* field_ = nullptr;  // what the digits of this line make
};

}  // namespace

bool read_pending_signals(PendingSignals& pending) noexcept {
  pending = {};
  StatusReader reader(pending);
  return read_proc_file("/proc/thread-self/status", reader) == 0 && reader.complete();
}

}  // namespace ums::kernel
