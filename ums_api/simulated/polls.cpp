// SPDX-License-Identifier: Apache-2.0
//
// poll, select and epoll_wait in a simulation: see descriptors.h. Their limits are in virtual time.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/simulated/signals.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/descriptors.h"
#include "ums_api/simulated/virtual_clock.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

UMS_EXPORT int ums_poll(pollfd* list, nfds_t count, int limit_ms) asm("poll");
UMS_EXPORT int ums___poll(pollfd* list, nfds_t count, int limit_ms) asm("__poll");
UMS_EXPORT int ums___poll_chk(pollfd* list, nfds_t count, int limit_ms,
                              size_t room) asm("__poll_chk");
UMS_EXPORT int ums_ppoll(pollfd* list, nfds_t count, const timespec* limit,
                         const sigset_t* mask) asm("ppoll");
UMS_EXPORT int ums___ppoll_chk(pollfd* list, nfds_t count, const timespec* limit,
                               const sigset_t* mask, size_t room) asm("__ppoll_chk");
UMS_EXPORT int ums_select(int count, fd_set* reads, fd_set* writes, fd_set* urgent,
                          timeval* limit) asm("select");
UMS_EXPORT int ums___select(int count, fd_set* reads, fd_set* writes, fd_set* urgent,
                            timeval* limit) asm("__select");
UMS_EXPORT int ums_pselect(int count, fd_set* reads, fd_set* writes, fd_set* urgent,
                           const timespec* limit, const sigset_t* mask) asm("pselect");
UMS_EXPORT int ums_epoll_wait(int fd, epoll_event* events, int room,
                              int limit_ms) asm("epoll_wait");
UMS_EXPORT int ums_epoll_pwait(int fd, epoll_event* events, int room, int limit_ms,
                               const sigset_t* mask) asm("epoll_pwait");
UMS_EXPORT int ums_epoll_pwait2(int fd, epoll_event* events, int room, const timespec* limit,
                                const sigset_t* mask) asm("epoll_pwait2");

namespace {

using namespace ums::api;
using ums::kernel::kNever;
using ums::kernel::raw_syscall;
using ums::kernel::syscall_arg;
using ums::kernel::Task;

constinit NextSymbol<int(pollfd*, nfds_t, int)> next_poll{"poll"};
constinit NextSymbol<int(pollfd*, nfds_t, int, size_t)> next_poll_chk{"__poll_chk"};
constinit NextSymbol<int(pollfd*, nfds_t, const timespec*, const sigset_t*)> next_ppoll{"ppoll"};
constinit NextSymbol<int(pollfd*, nfds_t, const timespec*, const sigset_t*, size_t)> next_ppoll_chk{
    "__ppoll_chk"};
constinit NextSymbol<int(int, fd_set*, fd_set*, fd_set*, timeval*)> next_select{"select"};
constinit NextSymbol<int(int, fd_set*, fd_set*, fd_set*, const timespec*, const sigset_t*)>
    next_pselect{"pselect"};
constinit NextSymbol<int(int, epoll_event*, int, int)> next_epoll_wait{"epoll_wait"};
constinit NextSymbol<int(int, epoll_event*, int, int, const sigset_t*)> next_epoll_pwait{
    "epoll_pwait"};
constinit NextSymbol<int(int, epoll_event*, int, const timespec*, const sigset_t*)>
    next_epoll_pwait2{"epoll_pwait2"};
constinit NextSymbol<int(int, const sigset_t*, sigset_t*)> next_sigmask{"pthread_sigmask"};

// Another mask of signals while this lives; null: the task's own. Who ends its thread in a handler
// leaves it behind.
class MaskWhileWaiting {
 public:
  MaskWhileWaiting(Task& me, const sigset_t* mask) : is_set_(mask != nullptr) {
    if (!is_set_) return;
    ums::kernel::signal_masks_may_differ();
    next_sigmask(SIG_SETMASK, mask, &before_);
    me.machine.wait_end = {};
    ums::kernel::handle_signals(me);
    was_handled_ = has_handled_signal(me);
  }
  ~MaskWhileWaiting() {
    if (is_set_) next_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  MaskWhileWaiting(const MaskWhileWaiting&) = delete;
  MaskWhileWaiting& operator=(const MaskWhileWaiting&) = delete;

  // A signal that was blocked before has come: there is nothing to wait for.
  bool was_handled() const { return was_handled_; }

 private:
  const bool is_set_;
  bool was_handled_ = false;
  sigset_t before_{};
};

struct Waiting {
  ums::kernel::OutsideWait wait;
  std::uint64_t deadline;
  const sigset_t* mask;
};

// Waits, and asks what there is by `result`, which does not block.
template <typename Result>
int wait_for(Task& me, const Waiting& waiting, Result result) {
  descriptor_step(me);
  int error = 0;
  {
    const MaskWhileWaiting mask(me, waiting.mask);
    error = mask.was_handled() ? EINTR : await_outside(me, waiting.wait, waiting.deadline, false);
  }
  if (error != EINTR) return result();
  errno = EINTR;
  return -1;
}

// The time until a limit in milliseconds; negative: none.
std::uint64_t deadline_after_ms(int limit_ms) noexcept {
  if (limit_ms < 0) return kNever;
  return deadline_after({limit_ms / 1000, limit_ms % 1000 * 1'000'000L});
}

std::uint64_t deadline_after_span(const timespec* limit) noexcept {
  return limit == nullptr ? kNever : deadline_after(*limit);
}

struct PollList {
  pollfd* list;
  nfds_t count;

  int look() const noexcept {
    const timespec at_once = {0, 0};
    return static_cast<int>(raw_syscall(SYS_ppoll, syscall_arg(list), static_cast<long>(count),
                                        syscall_arg(&at_once), 0, 8));
  }
};

bool any_is_ready(void* list) noexcept { return static_cast<const PollList*>(list)->look() != 0; }

int poll_task(Task& me, PollList list, std::uint64_t deadline, const sigset_t* mask) {
  const Waiting waiting{{any_is_ready, &list, list.list, list.count}, deadline, mask};
  return wait_for(me, waiting, [=] { return next_poll(list.list, list.count, 0); });
}

// What select waits for, as poll's.
struct SelectList {
  int count;
  fd_set* reads;
  fd_set* writes;
  fd_set* urgent;

  int poll_list(pollfd (&list)[FD_SETSIZE]) const noexcept {
    int used = 0;
    for (int fd = 0; fd < count && fd < FD_SETSIZE; ++fd) {
      int events = is_in(reads, fd) ? POLLIN : 0;
      if (is_in(writes, fd)) events |= POLLOUT;
      if (is_in(urgent, fd)) events |= POLLPRI;
      if (events != 0) list[used++] = {fd, static_cast<short>(events), 0};
    }
    return used;
  }

 private:
  static bool is_in(const fd_set* set, int fd) noexcept {
    return set != nullptr && FD_ISSET(fd, set);
  }
};

int select_task(Task& me, const SelectList& wanted, std::uint64_t deadline, const sigset_t* mask) {
  pollfd list[FD_SETSIZE];
  PollList polled{list, static_cast<nfds_t>(wanted.poll_list(list))};
  const Waiting waiting{{any_is_ready, &polled, polled.list, polled.count}, deadline, mask};
  return wait_for(me, waiting, [&] {
    timeval at_once = {0, 0};
    return next_select(wanted.count, wanted.reads, wanted.writes, wanted.urgent, &at_once);
  });
}

// What is left of `limit` is said at the end, as Linux does.
int select_limited(Task& me, const SelectList& wanted, timeval& limit) {
  if (limit.tv_sec < 0 || limit.tv_usec < 0) {
    errno = EINVAL;
    return -1;
  }
  const time_t carry = limit.tv_usec / 1'000'000;
  const time_t seconds = std::min(limit.tv_sec, LONG_MAX - carry) + carry;
  const std::uint64_t deadline = deadline_after({seconds, limit.tv_usec % 1'000'000 * 1000});
  const int result = select_task(me, wanted, deadline, nullptr);
  const timespec left = time_until(deadline);
  limit = {left.tv_sec, left.tv_nsec / 1000};
  return result;
}

struct EpollList {
  int fd;
  epoll_event* events;
  int room;
};

// A descriptor of epoll is ready to read when one of its events is there.
int epoll_task(Task& me, const EpollList& list, std::uint64_t deadline, const sigset_t* mask) {
  pollfd polled = {list.fd, POLLIN, 0};
  PollList argument{&polled, 1};
  const Waiting waiting{{any_is_ready, &argument, &polled, 1}, deadline, mask};
  return wait_for(me, waiting, [&] { return next_epoll_wait(list.fd, list.events, list.room, 0); });
}

bool is_wrong(const timespec* limit) {
  if (limit == nullptr || (is_valid(*limit) && limit->tv_sec >= 0)) return false;
  errno = EINVAL;
  return true;
}

}  // namespace

int ums_poll(pollfd* list, nfds_t count, int limit_ms) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_poll(list, count, limit_ms);
  return poll_task(*me, {list, count}, deadline_after_ms(limit_ms), nullptr);
}

int ums___poll(pollfd* list, nfds_t count, int limit_ms) { return ums_poll(list, count, limit_ms); }

int ums___poll_chk(pollfd* list, nfds_t count, int limit_ms, size_t room) {
  if (count > room / sizeof(pollfd)) return next_poll_chk(list, count, limit_ms, room);
  return ums_poll(list, count, limit_ms);
}

int ums_ppoll(pollfd* list, nfds_t count, const timespec* limit, const sigset_t* mask) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_ppoll(list, count, limit, mask);
  if (is_wrong(limit)) return -1;
  return poll_task(*me, {list, count}, deadline_after_span(limit), mask);
}

int ums___ppoll_chk(pollfd* list, nfds_t count, const timespec* limit, const sigset_t* mask,
                    size_t room) {
  if (count > room / sizeof(pollfd)) return next_ppoll_chk(list, count, limit, mask, room);
  return ums_ppoll(list, count, limit, mask);
}

int ums_select(int count, fd_set* reads, fd_set* writes, fd_set* urgent, timeval* limit) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_select(count, reads, writes, urgent, limit);
  const SelectList wanted{count, reads, writes, urgent};
  if (limit != nullptr) return select_limited(*me, wanted, *limit);
  return select_task(*me, wanted, kNever, nullptr);
}

int ums___select(int count, fd_set* reads, fd_set* writes, fd_set* urgent, timeval* limit) {
  return ums_select(count, reads, writes, urgent, limit);
}

int ums_pselect(int count, fd_set* reads, fd_set* writes, fd_set* urgent, const timespec* limit,
                const sigset_t* mask) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_pselect(count, reads, writes, urgent, limit, mask);
  if (is_wrong(limit)) return -1;
  return select_task(*me, {count, reads, writes, urgent}, deadline_after_span(limit), mask);
}

int ums_epoll_wait(int fd, epoll_event* events, int room, int limit_ms) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_epoll_wait(fd, events, room, limit_ms);
  return epoll_task(*me, {fd, events, room}, deadline_after_ms(limit_ms), nullptr);
}

int ums_epoll_pwait(int fd, epoll_event* events, int room, int limit_ms, const sigset_t* mask) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_epoll_pwait(fd, events, room, limit_ms, mask);
  return epoll_task(*me, {fd, events, room}, deadline_after_ms(limit_ms), mask);
}

int ums_epoll_pwait2(int fd, epoll_event* events, int room, const timespec* limit,
                     const sigset_t* mask) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_epoll_pwait2(fd, events, room, limit, mask);
  if (is_wrong(limit)) return -1;
  return epoll_task(*me, {fd, events, room}, deadline_after_span(limit), mask);
}
