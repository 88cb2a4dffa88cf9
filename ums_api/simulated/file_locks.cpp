// SPDX-License-Identifier: Apache-2.0
//
// Waiting for locks of files in a simulation: others go on meanwhile. No descriptor tells of them:
// where nobody else can go on they are tried again after a while.
#include "ums_api/simulated/file_locks.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/descriptors.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

UMS_EXPORT int ums_flock(int fd, int operation) asm("flock");
UMS_EXPORT int ums_lockf(int fd, int command, off_t length) asm("lockf");
UMS_EXPORT int ums_lockf64(int fd, int command, off_t length) asm("lockf64");

namespace ums::api {

namespace {

using kernel::raw_syscall;
using kernel::Task;

constinit NextSymbol<int(int, int)> next_flock{"flock"};
constinit NextSymbol<int(int, int, off_t)> next_lockf{"lockf"};

// A system call that takes the lock, or says that another has it.
struct Attempt {
  long number;
  int fd;
  long command;
  unsigned long argument;
  int error = 0;
};

bool is_decided(void* argument) noexcept {
  auto& attempt = *static_cast<Attempt*>(argument);
  const long result =
      raw_syscall(attempt.number, attempt.fd, attempt.command, static_cast<long>(attempt.argument));
  attempt.error = result < 0 ? static_cast<int>(-result) : 0;
  return attempt.error != EAGAIN && attempt.error != EACCES;
}

bool tries_lock(int command) noexcept {
  return command == F_SETLK || command == F_OFD_SETLK || command == F_GETLK ||
         command == F_OFD_GETLK;
}

// Before a call that takes or gives a lock at once: it matters when that is.
void step_without_wait(Task& me) {
  descriptor_step(me);
  descriptors_tell_others(me);
}

int take(Task& me, Attempt attempt) {
  descriptor_step(me);
  const int interrupted =
      await_outside(me, {is_decided, &attempt, nullptr, 0}, kernel::kNever, true);
  const int error = interrupted != 0 ? interrupted : attempt.error;
  if (error != 0) errno = error;
  return error == 0 ? 0 : -1;
}

}  // namespace

bool answer_lock_wait(int fd, int command, unsigned long argument, int& result) {
  Task* const me = current_simulated();
  if (me == nullptr) return false;
  if (tries_lock(command)) step_without_wait(*me);
  if (command != F_SETLKW && command != F_OFD_SETLKW) return false;
  const int attempt = command == F_SETLKW ? F_SETLK : F_OFD_SETLK;
  result = take(*me, {SYS_fcntl, fd, attempt, argument});
  return true;
}

}  // namespace ums::api

int ums_flock(int fd, int operation) {
  using namespace ums::api;
  Task* const me = current_simulated();
  if (me == nullptr) return next_flock(fd, operation);
  if (operation == LOCK_UN || (operation & LOCK_NB) != 0) {
    step_without_wait(*me);
    return next_flock(fd, operation);
  }
  return take(*me, {SYS_flock, fd, operation | LOCK_NB, 0});
}

int ums_lockf(int fd, int command, off_t length) {
  using namespace ums::api;
  Task* const me = current_simulated();
  if (me != nullptr && command != F_LOCK) step_without_wait(*me);
  if (me == nullptr || command != F_LOCK) return next_lockf(fd, command, length);
  struct flock wanted {};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_CUR;
  wanted.l_len = length;
  return take(*me, {SYS_fcntl, fd, F_SETLK, reinterpret_cast<unsigned long>(&wanted)});
}

int ums_lockf64(int fd, int command, off_t length) { return ums_lockf(fd, command, length); }
