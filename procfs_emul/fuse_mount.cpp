// SPDX-License-Identifier: Apache-2.0
#include "procfs_emul/fuse_mount.h"

#define FUSE_USE_VERSION 35
#include <fmt/format.h>
#include <fuse3/fuse_lowlevel.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>

#include "procfs_emul/fuse_entries.h"
#include "procfs_emul/fuse_requests.h"
#include "procfs_emul/fusermount.h"
#include "sim_kernel/mm/slab.h"

namespace ums::kernel {

struct FuseSession : boost::intrusive::list_base_hook<> {
  FuseSession() noexcept = default;
  ~FuseSession() {
    if (libfuse != nullptr) fuse_session_destroy(libfuse);  // closes the connection
    if (stopped >= 0) ::close(stopped);
    free(request.mem);
  }
  FuseSession(const FuseSession&) = delete;
  FuseSession& operator=(const FuseSession&) = delete;

  FuseEntries entries;
  fuse_session* libfuse = nullptr;
  int stopped = -1;  // an eventfd
  fuse_buf request{};
  bool inherited = false;  // by a fork: in any state, and not to be touched
};

namespace {

constinit ObjectCache<FuseSession> sessions{"fuse_session"};

// Every open mount of this process, for its children.
std::mutex open_lock;
boost::intrusive::list<FuseSession> open_sessions;

// Invariant 3.
void close_in_child() noexcept {
  for (FuseSession& session : open_sessions) {
    session.inherited = true;
    ::close(fuse_session_fd(session.libfuse));
    ::close(session.stopped);
  }
  open_sessions.clear();
  open_lock.unlock();
}

void note_open(FuseSession& session) noexcept {
  [[maybe_unused]] static const int registered =
      pthread_atfork([] { open_lock.lock(); }, [] { open_lock.unlock(); }, close_in_child);
  const std::lock_guard guard(open_lock);
  open_sessions.push_back(session);
}

void note_closed(FuseSession& session) noexcept {
  const std::lock_guard guard(open_lock);
  open_sessions.erase(open_sessions.iterator_to(session));
}

// Connects libfuse with a mount. Throws FuseProblem.
void connect(FuseSession& session, const std::string& folder) {
  char name[] = "ums";
  char* words[] = {name, nullptr};
  fuse_args arguments = FUSE_ARGS_INIT(1, words);
  session.libfuse =
      fuse_session_new(&arguments, &fuse_requests(), sizeof(fuse_lowlevel_ops), &session.entries);
  fuse_opt_free_args(&arguments);
  if (session.libfuse == nullptr) throw std::bad_alloc();
  const int fd = fuse_mount(folder);
  // Takes the descriptor over.
  if (fuse_session_mount(session.libfuse, fmt::format("/dev/fd/{}", fd).c_str()) == 0) return;
  ::close(fd);
  fuse_unmount(folder);
  throw FuseProblem{EPROTO, "libfuse does not take what fusermount3 has mounted"};
}

// Invariant 2.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

void FuseMount::open_checked(const char* folder) {
  folder_ = check_fuse_folder(folder);
  session_ = sessions.create();
  if (session_ == nullptr) throw std::bad_alloc();
  if (!proc_resolve(ProcPath(), kFuseRoot, ProcFollow::kNo).ok()) {
    throw FuseProblem{ENOENT, "this process has no /proc/ums: start its kernel first"};
  }
  session_->stopped = eventfd(0, EFD_CLOEXEC);
  if (session_->stopped < 0) {
    throw FuseProblem{errno, fmt::format("an eventfd: {}", strerrordesc_np(errno))};
  }
  connect(*session_, folder_);
  note_open(*session_);
}

Result<void> FuseMount::open(const char* folder) noexcept {
  close();
  int error = 0;
  try {
    message_.clear();
    open_checked(folder);
    return {};
  } catch (FuseProblem& problem) {
    error = problem.error;
    message_ = std::move(problem.text);
  } catch (const std::bad_alloc&) {
    error = ENOMEM;
    message_ = "no memory";  // short: takes none
  }
  if (session_ != nullptr) sessions.destroy(session_);
  session_ = nullptr;
  return Error{error};
}

int FuseMount::fd() const noexcept {
  return session_ == nullptr || session_->inherited ? -1 : fuse_session_fd(session_->libfuse);
}

bool FuseMount::serve_one() noexcept {
  if (fd() < 0) return false;
  const int count = fuse_session_receive_buf(session_->libfuse, &session_->request);
  if (count == -EAGAIN || count == -EINTR || count == -ENOMEM) return true;
  if (count <= 0) return false;
  const SignalsBlocked blocked;
  fuse_session_process_buf(session_->libfuse, &session_->request);
  return fuse_session_exited(session_->libfuse) == 0;
}

void FuseMount::serve() noexcept {
  if (fd() < 0) return;
  pollfd ready[] = {{fd(), POLLIN, 0}, {session_->stopped, POLLIN, 0}};
  for (;;) {
    const int count = poll(ready, 2, -1);
    if (count < 0) continue;  // a signal
    if (ready[1].revents != 0) return;
    if (!serve_one()) return;
  }
}

void FuseMount::stop() noexcept {
  if (fd() < 0) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(session_->stopped, &one, sizeof one);
}

void FuseMount::close() noexcept {
  FuseSession* const session = std::exchange(session_, nullptr);
  if (session == nullptr || session->inherited) return;
  note_closed(*session);
  pollfd gone{fuse_session_fd(session->libfuse), 0, 0};
  const bool mounted = poll(&gone, 1, 0) == 0;
  sessions.destroy(session);  // invariant 1: who looks into the mount now gets an error
  if (mounted) fuse_unmount(folder_);
}

}  // namespace ums::kernel
