// SPDX-License-Identifier: Apache-2.0
//
// Listener: the kernel's end of a seccomp filter (seccomp_unotify(2)). System calls that the filter
// of filter.h catches arrive here as notifications, and wait until they are answered.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <linux/seccomp.h>

#include <boost/intrusive/list_hook.hpp>
#include <cstdint>

#include "sim_kernel/base/result.h"
#include "sim_kernel/server/event_source.h"

namespace ums::kernel {

class Listener final : public EventSource {
 public:
  // Owns `descriptor`. What the kernel has to say of the programs' calls goes to `errors`, which
  // stays open. Ask is_added() then.
  explicit Listener(int descriptor, int errors = 2) noexcept;
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Whether the kernel loop knows it. If not, for lack of memory, nobody answers its programs.
  bool is_added() const noexcept { return is_added_; }

  // The listener whose programs are left, if there is one only; else null.
  static Listener* only_one() noexcept;

  // Whether the kernel loop learns by an event that a notification has come; else it waits in
  // serve_one. Initially, and once there is another listener: yes. Linux tells each instance of
  // epoll that knows the descriptor of each call, whatever events that wants: so else it is told of
  // none, and not of the end of the programs either. False: no memory for that.
  bool be_watched(bool watched) noexcept;

  // Waits for a notification and sees to it. False: something else has come up.
  bool serve_one() noexcept;

  // Answers a notification: its system call returns 0 or fails with `error`. False: nobody waits.
  bool answer(std::uint64_t id, int error) noexcept;

  // The same: its system call returns `value`.
  bool answer_value(std::uint64_t id, long value) noexcept;

  // The same, and the system call returns a new descriptor of what `descriptor` names.
  // Errors: those of the thread (EMFILE), ENOENT: nobody waits.
  Result<int> answer_with_descriptor(std::uint64_t id, int descriptor, bool close_on_exec) noexcept;

  // Lets Linux perform the system call after all.
  void pass_on(std::uint64_t id) noexcept;

  // What has become of the notification that was answered last.
  enum class Outcome { kAnswered, kPassedOn, kRefused };  // refused: nobody waited
  Outcome outcome() const noexcept { return outcome_; }

  // Whether the thread of a notification waits.
  bool is_waiting(std::uint64_t id) const noexcept;

  // How many notifications were given up before they were received: the thread got a signal first.
  // LINUX: numbers the notifications of a filter one after the other; before 5.19 they may be
  // received in another order, and some are counted here until they are.
  std::uint64_t given_up() const noexcept { return given_up_; }

  int errors() const noexcept { return errors_; }

  // Whether no program with this filter is left. The last calls may still be under way.
  // LINUX: before 6.11 a program is left until it is reaped, and its end wakes nobody who waits in
  // serve_one: whoever wants to know watches the program too.
  bool has_hung_up() const noexcept { return descriptor_ < 0; }

 private:
  void on_event(std::uint32_t events) noexcept override;
  bool receive(seccomp_notif& notification) noexcept;
  bool respond(std::uint64_t id, long value, int error, std::uint32_t flags) noexcept;
  void count(std::uint64_t id) noexcept;
  void hang_up() noexcept;

  const int errors_;
  int descriptor_;  // -1 once it has hung up
  bool watched_ = false;
  Outcome outcome_{};
  std::uint64_t next_id_ = 0;   // above all that were received; 0: none was
  std::uint64_t given_up_ = 0;  // of those below next_id_
  bool is_added_ = false;

 public:
  boost::intrusive::list_member_hook<> hook;  // while programs are left
};

}  // namespace ums::kernel
