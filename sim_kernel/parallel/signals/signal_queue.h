// SPDX-License-Identifier: Apache-2.0
//
// SignalQueue: signals with all that they carry, in the order of their arrival (Linux: the list of
// struct sigpending).
//
// It takes memory from Linux itself, a mapping of its own that exists once there was a signal and
// doubles when it is full.
//
// Thread safety: guarded by its owner, on any stack.
#pragma once

#include <csignal>
#include <cstdint>

namespace ums::kernel {

class SignalQueue {
 public:
  constexpr SignalQueue() noexcept = default;
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  // Adds a copy of `info`. Returns false if there is no memory, or there are too many.
  bool push(const siginfo_t& info) noexcept;

  bool empty() const noexcept;
  unsigned size() const noexcept;
  bool contains(int signal) const noexcept;

  // Whether the timer of `info` has a signal here, which then counts this one too (si_overrun).
  bool count_overrun(const siginfo_t& info) noexcept;

  // The oldest, which there must be.
  siginfo_t front() const noexcept;
  void pop() noexcept;

  // The numbers of all that are here, bit n-1 for signal n.
  std::uint64_t numbers() const noexcept;

  // Takes the oldest of a number, of which there must be one.
  siginfo_t take(int signal) noexcept;

  // Drops all, and the memory.
  void release() noexcept;

 private:
  struct Mapping;

  bool make_room() noexcept;

  Mapping* mapping_ = nullptr;
};

}  // namespace ums::kernel
