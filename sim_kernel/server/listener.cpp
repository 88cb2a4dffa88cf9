// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/listener.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <boost/intrusive/list.hpp>
#include <cerrno>
#include <csignal>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/server/notification.h"
#include "sim_kernel/server/notify_flags.h"

namespace ums::kernel {

namespace {

// Those whose programs are left.
boost::intrusive::list<
    Listener,
    boost::intrusive::member_hook<Listener, boost::intrusive::list_member_hook<>, &Listener::hook>>
    listeners;

long listener_ioctl_once(int descriptor, unsigned long request, const void* argument) noexcept {
  return raw_syscall(SYS_ioctl, descriptor, static_cast<long>(request), syscall_arg(argument));
}

// The event watch's signal may interrupt it.
long listener_ioctl(int descriptor, unsigned long request, const void* argument) noexcept {
  long result = -EINTR;
  while (result == -EINTR) result = listener_ioctl_once(descriptor, request, argument);
  return result;
}

// LINUX: an interrupted SECCOMP_ADDFD_FLAG_SEND makes no descriptor, and answers with 0
// nonetheless.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    const std::uint64_t all = ~std::uint64_t{0};
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&all), syscall_arg(&before_), 8);
  }
  ~SignalsBlocked() { raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&before_), 0, 8); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  std::uint64_t before_ = 0;
};

}  // namespace

Listener::Listener(int descriptor, int errors) noexcept
    : EventSource(Kind::kAsks), errors_(errors), descriptor_(descriptor) {
  // Caller and kernel change places as in a function call, where Linux can (6.6).
  raw_syscall(SYS_ioctl, descriptor, static_cast<long>(SECCOMP_IOCTL_NOTIF_SET_FLAGS),
              static_cast<long>(SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP));
  is_added_ = std::all_of(listeners.begin(), listeners.end(),
                          [](Listener& other) { return other.be_watched(true); }) &&
              be_watched(true);
  if (is_added_) listeners.push_back(*this);
}

Listener::~Listener() {
  if (!has_hung_up()) hang_up();
}

void Listener::hang_up() noexcept {
  if (is_added_) listeners.erase(listeners.iterator_to(*this));
  forget_events(descriptor_);
  raw_syscall(SYS_close, descriptor_);
  descriptor_ = -1;
}

Listener* Listener::only_one() noexcept {
  return listeners.size() == 1 ? &listeners.front() : nullptr;
}

bool Listener::be_watched(bool watched) noexcept {
  if (watched == watched_) return true;
  if (watched) {
    watched_ = watch_events(descriptor_, EPOLLIN, *this);
  } else {
    forget_events(descriptor_);
    watched_ = false;
  }
  return watched_ == watched;
}

bool Listener::respond(std::uint64_t id, long value, int error, std::uint32_t flags) noexcept {
  const seccomp_notif_resp response = {id, value, -error, flags};
  const bool waited = listener_ioctl(descriptor_, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0;
  const Outcome outcome = flags != 0 ? Outcome::kPassedOn : Outcome::kAnswered;
  outcome_ = waited ? outcome : Outcome::kRefused;
  return waited;
}

bool Listener::answer(std::uint64_t id, int error) noexcept { return respond(id, 0, error, 0); }

bool Listener::answer_value(std::uint64_t id, long value) noexcept {
  return respond(id, value, 0, 0);
}

void Listener::pass_on(std::uint64_t id) noexcept {
  respond(id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

Result<int> Listener::answer_with_descriptor(std::uint64_t id, int descriptor,
                                             bool close_on_exec) noexcept {
  constexpr std::uint32_t kCloseOnExec = 02000000;  // O_CLOEXEC
  const seccomp_notif_addfd add = {id, SECCOMP_ADDFD_FLAG_SEND,
                                   static_cast<std::uint32_t>(descriptor), 0,
                                   close_on_exec ? kCloseOnExec : 0};
  const SignalsBlocked blocked;
  const long result = listener_ioctl(descriptor_, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
  outcome_ = result == -ENOENT ? Outcome::kRefused : Outcome::kAnswered;
  if (result < 0) return Error{static_cast<int>(-result)};
  return static_cast<int>(result);
}

bool Listener::is_waiting(std::uint64_t id) const noexcept {
  return listener_ioctl(descriptor_, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

// The buffer must be zero. LINUX: may one day write more than it knows today, and says how much
// (SECCOMP_GET_NOTIF_SIZES); the fields that are known stay where they are.
bool Listener::receive(seccomp_notif& notification) noexcept {
  union {
    seccomp_notif known;
    char bytes[512];
  } buffer{.bytes = {}};
  const long result = listener_ioctl_once(descriptor_, SECCOMP_IOCTL_NOTIF_RECV, &buffer);
  if (result == -ENOTTY) hang_up();  // whoever joins may send any descriptor
  if (result != 0) return false;
  notification = buffer.known;
  count(notification.id);
  return true;
}

void Listener::count(std::uint64_t id) noexcept {
  if (next_id_ == 0) next_id_ = id;
  if (static_cast<std::int64_t>(id - next_id_) >= 0) {
    given_up_ += id - next_id_;
    next_id_ = id + 1;
  } else {
    --given_up_;
  }
}

bool Listener::serve_one() noexcept {
  seccomp_notif notification;
  if (!receive(notification)) return false;
  handle_notification(*this, notification);
  return true;
}

void Listener::on_event(std::uint32_t events) noexcept {
  if ((events & EPOLLIN) != 0) {
    serve_one();
  } else {
    hang_up();
  }
}

}  // namespace ums::kernel
