// SPDX-License-Identifier: Apache-2.0
//
// ums_pthread_create: a pthread whose first act is to enter worker mode, and which leaves it in a
// destructor of thread-specific data.
//
// Coloured stacks: thread stacks of equal size put the tops of all stacks, and all thread control
// blocks, on the same few cache sets. A worker whose attributes name no stack gets one that is
// 16 to 63 cache lines larger than asked for, by the number of workers that live: the next worker
// the next size. glibc does not round it, so that both shift. A program that has few workers at a
// time gets the same few sizes again, and so its stacks from glibc's cache of them. With less than
// 16 lines the two pages that a worker's first frames need would often be three.
#include <pthread.h>
#include <ums.h>
#include <ums/ums_ioctl.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "sim_kernel/base/printk.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/parallel/system_call.h"
#include "ums_api/src/export.h"
#include "ums_api/src/library_file.h"
#include "ums_api/src/worker_create.h"

namespace ums::api {

namespace {

constexpr std::size_t kFirstColour = 16;
constexpr std::size_t kColours = 48;

struct WorkerStart {
  ums_completion_list_t completion_list;
  void* (*func)(void*);
  void* arg;
};

// Not malloc: a thread's first free() would give it an arena and a cache of its own.
constinit kernel::ObjectCache<WorkerStart> worker_starts{"worker_start"};

pthread_key_t worker_key;

// Workers that were created and have not ended. Relaxed: it chooses colours, nothing else.
std::atomic<std::size_t> live_workers{0};

void forget_worker() noexcept { live_workers.fetch_sub(1, std::memory_order_relaxed); }

void leave_worker_mode(void* /*set*/) {
  library_ioctl<IOCTL_EXIT_UMS>(0);
  forget_worker();
}

__attribute__((constructor(101))) void make_worker_key() noexcept {
  const int error = pthread_key_create(&worker_key, leave_worker_mode);
  kassert(error == 0, "no thread-specific data key left: errno {}", error);
}

// The creator has been told that all is well: whoever waits for the worker must hear it here.
void report_no_entry(int list, int error) noexcept {
  forget_worker();
  const char* const words = strerrordesc_np(error);
  kernel::pr_warn("a worker ended without a call of its function: it could not enter list {}: {}",
                  list, words != nullptr ? words : "unknown error");
}

// Not noexcept: pthread_exit and cancellation unwind through here.
void* worker_main(void* argument) {
  auto* const passed = static_cast<WorkerStart*>(argument);
  const WorkerStart start = *passed;
  worker_starts.destroy(passed);
  if (pthread_setspecific(worker_key, &worker_key) != 0) {
    report_no_entry(start.completion_list, ENOMEM);
    return nullptr;
  }
  if (library_file() != nullptr) kernel::make_current_task(true);  // if it fails, so does ENTER
  const enter_ums_mode_args enter{ENTER_UMS_WORK, start.completion_list};
  int result = 0;
  do {
    result = library_ioctl<IOCTL_ENTER_UMS>(&enter);
  } while (result == -EINTR);  // the real device: still suspended, goes on waiting
  if (result != 0) {
    pthread_setspecific(worker_key, nullptr);
    report_no_entry(start.completion_list, -result);
    return nullptr;
  }
  return start.func(start.arg);
}

bool names_stack(const pthread_attr_t& attributes) noexcept {
  void* low = nullptr;
  std::size_t bytes = 0;
  // glibc keeps the top, null if there is none, and computes the low end from it.
  return pthread_attr_getstack(&attributes, &low, &bytes) == 0 &&
         reinterpret_cast<std::uintptr_t>(low) + bytes != 0;
}

void colour_stack(pthread_attr_t& attributes, std::size_t colour) noexcept {
  std::size_t bytes = 0;
  if (names_stack(attributes) || pthread_attr_getstacksize(&attributes, &bytes) != 0) return;
  pthread_attr_setstacksize(&attributes, bytes + colour * kernel::kCacheLineBytes);
}

int create_thread(pthread_t* thread, pthread_attr_t& attributes, WorkerStart* start) noexcept {
  const std::size_t number = live_workers.fetch_add(1, std::memory_order_relaxed);
  colour_stack(attributes, kFirstColour + number % kColours);
  const int error = pthread_create(thread, &attributes, worker_main, start);
  if (error != 0) forget_worker();
  return error;
}

WorkerStart* make_start(const WorkerStart& start) noexcept {
  const kernel::KernelSection section;
  return worker_starts.create(start);
}

void free_start(WorkerStart* start) noexcept {
  const kernel::KernelSection section;
  worker_starts.destroy(start);
}

// The process's default attributes are a deep copy, the program's are a shallow one, of which only
// the stack size is changed and nothing is freed.
int create_worker(pthread_t* thread, const pthread_attr_t* given, WorkerStart* start) noexcept {
  pthread_attr_t attributes;
  if (given != nullptr) {
    attributes = *given;
    return create_thread(thread, attributes, start);
  }
  int error = pthread_getattr_default_np(&attributes);
  if (error != 0) return error;
  error = create_thread(thread, attributes, start);
  pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

void forget_calling_worker() noexcept {
  if (pthread_getspecific(worker_key) == nullptr) return;
  pthread_setspecific(worker_key, nullptr);
  forget_worker();
}

}  // namespace ums::api

UMS_EXPORT int ums_pthread_create(pthread_t* t, ums_attr_t* attr, void* (*func)(void*), void* arg) {
  using namespace ums::api;
  if (attr == nullptr || func == nullptr) {
    errno = EFAULT;
    return -1;
  }
  WorkerStart* const start = make_start({attr->completion_list, func, arg});
  if (start == nullptr) return EAGAIN;
  const int error = create_worker(t, attr->pthread_attr, start);
  if (error != 0) free_start(start);
  ums::kernel::exit_sections();
  return error;
}
