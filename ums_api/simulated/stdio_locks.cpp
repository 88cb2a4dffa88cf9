// SPDX-License-Identifier: Apache-2.0
#include "ums_api/simulated/stdio_locks.h"

#include <cerrno>

#include "ums_api/simulated/acquire.h"
#include "ums_api/simulated/descriptors.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

UMS_EXPORT void ums_flockfile(FILE* file) asm("flockfile");
UMS_EXPORT int ums_ftrylockfile(FILE* file) asm("ftrylockfile");
UMS_EXPORT void ums_funlockfile(FILE* file) asm("funlockfile");

namespace ums::api {

namespace {

using kernel::EventKind;
using kernel::kNever;
using kernel::sched_point;
using kernel::Task;

constinit NextSymbol<void(FILE*)> next_lock{"flockfile"};
constinit NextSymbol<int(FILE*)> next_trylock{"ftrylockfile"};
constinit NextSymbol<void(FILE*)> next_unlock{"funlockfile"};

// What FILE::_lock points to in glibc.
struct Lock {
  int lock;
  int count;
  void* owner;
};

bool is_locked_by_another(const Task& me, const FILE* file) noexcept {
  const auto* const lock = reinterpret_cast<const Lock*>(file->_lock);
  if (lock == nullptr || lock->count == 0) return false;
  return lock->owner != reinterpret_cast<const void*>(me.machine.handle);
}

int take(FILE* file) { return next_trylock(file) == 0 ? 0 : EBUSY; }

}  // namespace

void await_file(FILE* file) {
  Task* const me = file != nullptr ? current_simulated() : nullptr;
  if (me == nullptr || !is_locked_by_another(*me, file)) return;
  kernel::announce(*me, EventKind::kLock, file);
  do {
    kernel::futex_wait(*me, file);
  } while (is_locked_by_another(*me, file));
  kernel::happens_after(*me, file);
}

void await_input(FILE* file) {
  await_file(file);
  Task* const me = current_simulated();
  if (me == nullptr || file->_IO_read_ptr < file->_IO_read_end) return;
  const int fd = fileno_unlocked(file);
  if (fd >= 0 && is_blocking(fd)) static_cast<void>(await_events(*me, fd, POLLIN));
}

}  // namespace ums::api

void ums_flockfile(FILE* file) {
  using namespace ums::api;
  Task* const me = current_simulated();
  if (me == nullptr) return next_lock(file);
  acquire(*me, {file, is_locked_by_another(*me, file)}, kNever, [=] { return take(file); });
}

int ums_ftrylockfile(FILE* file) {
  using namespace ums::api;
  Task* const me = current_simulated();
  if (me != nullptr) sched_point(*me, EventKind::kTryLock, file);
  return next_trylock(file);
}

void ums_funlockfile(FILE* file) {
  using namespace ums::api;
  Task* const me = current_simulated();
  if (me == nullptr) return next_unlock(file);
  sched_point(*me, EventKind::kUnlock, file);
  next_unlock(file);
  released(0, file);
}
