// SPDX-License-Identifier: Apache-2.0
#include "ums_api/simulated/captured_threads.h"

#include <dlfcn.h>
#include <linux/futex.h>

#include <cerrno>
#include <cfenv>
#include <clocale>
#include <utility>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/cpu_switch.h"
#include "sim_kernel/simulated/robust_list.h"
#include "sim_kernel/simulated/simulation.h"
#include "ums_api/simulated/cancellation.h"
#include "ums_api/simulated/thread_data.h"
#include "ums_api/simulated/tls_image.h"
#include "ums_api/src/next_symbol.h"

namespace ums::kernel {

// On the stack of the thread that rests.
struct RestingThread {
  pthread_t handle{};
  Task* task = nullptr;
  SimulatedThread* next = nullptr;  // whose function it runs when it is revived
  fenv_t environment{};             // for it
  RestingThread* below = nullptr;   // on the stack of those that are kept
};

}  // namespace ums::kernel

namespace ums::api {

namespace {

using kernel::raw_syscall;
using kernel::RestingThread;
using kernel::SimulatedThread;
using kernel::syscall_arg;
using kernel::Task;

constinit NextSymbol<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)> next_create{
    "pthread_create"};
constinit NextSymbol<int(pthread_t, void**)> next_join{"pthread_join"};

bool keep = false;

// The process that they belong to: a forked child has none of them.
RestingThread* kept = nullptr;
pid_t kept_in = 0;

// An allocator of the program's may have thread-local variables that are no use a second time.
bool has_the_c_librarys_malloc() noexcept {
  Dl_info malloc_info{};
  Dl_info errno_info{};
  return dladdr(dlsym(RTLD_DEFAULT, "malloc"), &malloc_info) != 0 &&
         dladdr(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"), &errno_info) != 0 &&
         malloc_info.dli_fbase == errno_info.dli_fbase;
}

bool can_keep() noexcept {
  static const bool can = UMS_SANITIZE_ADDRESS == 0 && UMS_SANITIZE_THREAD == 0 &&
                          can_destroy_thread_data() && has_the_c_librarys_malloc();
  return can;
}

// Whether nothing would tell the next one from a new thread.
bool is_as_new(Task& me, const SimulatedThread& thread) noexcept {
  return !thread.detached && !thread.was_named && !kernel::has_robust_mutexes(me) &&
         me.module_roles.load(std::memory_order_relaxed) == 0 &&
         (me.exit_work.load(std::memory_order_relaxed) & kernel::kExitSignals) == 0;
}

// What is not among the thread-local variables of the program. A thread that somebody has cancelled
// since it was last asked ends here.
void undo_settings() {
  pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, nullptr);
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, nullptr);
  act_on_cancellation();
  uselocale(LC_GLOBAL_LOCALE);
}

bool undo_thread(Task& me, const SimulatedThread& thread, const TlsImage& image) {
  if (!is_as_new(me, thread) || !destroy_thread_data(me) || !is_as_new(me, thread)) return false;
  undo_settings();
  return image.restore();
}

// Runs the functions of one thread after the other on the calling one. Returns what the last has
// returned, for the C library's thread to end with.
void* run_functions(SimulatedThread* thread) {
  RestingThread resting;
  Task& me = *thread->task;
  resting.task = &me;
  TlsImage image;
  const bool may_rest = image.take();
  for (;;) {
    thread->value = thread->func(thread->arg);
    thread->has_returned = true;
    if (!may_rest || !undo_thread(me, *thread, image)) return thread->value;
    resting.handle = thread->handle;
    thread->resting = &resting;
    kernel::simulation_rest(me);
    thread = std::exchange(resting.next, nullptr);
    std::fesetenv(&resting.environment);
    errno = 0;
  }
}

void* run_captured(void* argument) {
  auto& thread = *static_cast<SimulatedThread*>(argument);
  if (!kernel::simulation_capture(thread).ok()) return nullptr;
  if (thread.is_kept) return run_functions(&thread);
  return thread.func(thread.arg);
}

void wait_until_captured(SimulatedThread& thread) noexcept {
  while (thread.captured.load(std::memory_order_acquire) == 0) {
    raw_syscall(SYS_futex, syscall_arg(&thread.captured), FUTEX_WAIT_PRIVATE, 0, 0);
  }
  if (thread.task != nullptr) kernel::wait_off_cpu(*thread.task);
}

// False: there is none.
bool take_kept(SimulatedThread& thread) noexcept {
  if (kept_in != kernel::kernel_pid) kept = nullptr;
  if (kept == nullptr || !kernel::simulation_revive(*kept->task, thread).ok()) return false;
  RestingThread& resting = *std::exchange(kept, kept->below);
  resting.next = &thread;
  std::fegetenv(&resting.environment);
  thread.handle = resting.handle;
  return true;
}

}  // namespace

void keep_threads(bool whether) noexcept { keep = whether; }

int create_captured(const pthread_attr_t* attributes, SimulatedThread& thread) noexcept {
  thread.is_kept = keep && attributes == nullptr && can_keep();
  if (thread.is_kept && take_kept(thread)) return 0;
  const int error = next_create(&thread.handle, attributes, run_captured, &thread);
  if (error != 0) return error;
  wait_until_captured(thread);
  if (thread.task != nullptr) return 0;
  next_join(thread.handle, nullptr);
  return EAGAIN;
}

int join_captured(SimulatedThread& thread, void** value) {
  if (thread.resting == nullptr) {
    const int error = next_join(thread.handle, value);
    if (thread.has_returned && value != nullptr) *value = thread.value;
    return error;
  }
  if (value != nullptr) *value = thread.value;
  if (kept_in != kernel::kernel_pid) kept = nullptr;
  kept_in = kernel::kernel_pid;
  thread.resting->below = std::exchange(kept, thread.resting);
  return 0;
}

}  // namespace ums::api
