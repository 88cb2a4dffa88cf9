// SPDX-License-Identifier: Apache-2.0
#include "support/door.h"

#if UMS_SANITIZE_ADDRESS
#include <sanitizer/asan_interface.h>
#endif

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>

namespace ums::test {

namespace {

// A call that is inside the device. Places are claimed by their thread id.
struct CallInFlight {
  std::atomic<pid_t> tid{0};
  std::atomic<unsigned long> request{0};
  std::atomic<unsigned long> argument{0};
  std::atomic<int> fd{-1};
};

constinit std::array<CallInFlight, 4096> calls{};
thread_local pid_t cached_tid = 0;

// A call that is left by a cancellation leaves AddressSanitizer's marks on the stack below its
// caller, where the sanitizer's own functions, which are called next, would find them.
[[maybe_unused]] inline __attribute__((always_inline)) void unmark_left_frames() {
#if UMS_SANITIZE_ADDRESS
  constexpr std::size_t kBytes = 16384;  // more than a call needs
  __asan_unpoison_memory_region(static_cast<char*>(__builtin_frame_address(0)) - kBytes, kBytes);
#endif
}

class InFlight {
 public:
  InFlight(int fd, unsigned long request, unsigned long argument) {
    const pid_t tid = thread_id();
    for (std::size_t i = 0; i < calls.size() && call_ == nullptr; ++i) {
      CallInFlight& call = calls[(static_cast<std::size_t>(tid) + i) % calls.size()];
      pid_t nobody = 0;
      if (call.tid.compare_exchange_strong(nobody, tid)) call_ = &call;
    }
    if (call_ == nullptr) return;
    call_->fd = fd;
    call_->argument = argument;
    call_->request = request;
  }
  ~InFlight() {
    unmark_left_frames();
    if (call_ == nullptr) return;
    call_->request = 0;
    call_->tid = 0;
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  CallInFlight* call_ = nullptr;
};

const char* request_name(unsigned long request) {
  switch (request) {
    case IOCTL_CREATE_UMS_CLIST:
      return "CREATE";
    case IOCTL_ENTER_UMS:
      return "ENTER";
    case IOCTL_UMS_SCHED_DQEVENT:
      return "DQEVENT";
    case IOCTL_DEQUEUE_UMS_CLIST:
      return "DEQUEUE";
    case IOCTL_NEXT_UMS_CTX_LIST:
      return "NEXT";
    case IOCTL_EXEC_UMS_CTX:
      return "EXEC";
    case IOCTL_UMS_YIELD:
      return "YIELD";
    case IOCTL_EXIT_UMS:
      return "EXIT";
    case IOCTL_DELETE_UMS_CLIST:
      return "DELETE";
    default:
      return "unknown";
  }
}

}  // namespace

int dev_ioctl(int fd, unsigned long request, unsigned long argument) {
  const InFlight call(fd, request, argument);
  return dev_ioctl_unlisted(fd, request, argument);
}

int dev_open_elsewhere() {
  int fd = -1;
  const auto open_there = [](void* result) -> void* {
    *static_cast<int*>(result) = dev_open();
    return nullptr;
  };
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, open_there, &fd), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return fd;
}

int create_list(int fd) {
  ums_comp_list_id_t id = -1;
  const int result = dev_ioctl(fd, IOCTL_CREATE_UMS_CLIST, &id);
  return result == 0 ? id : result;
}

int delete_list(int fd, int id) {
  return dev_ioctl(fd, IOCTL_DELETE_UMS_CLIST, static_cast<unsigned long>(id));
}

int enter(int fd, int flags, int list) {
  const enter_ums_mode_args args{flags, list};
  return dev_ioctl(fd, IOCTL_ENTER_UMS, &args);
}

int enter_scheduler(int fd, int list) { return enter(fd, ENTER_UMS_SCHED, list); }
int enter_worker(int fd, int list) { return enter(fd, ENTER_UMS_WORK, list); }

int dequeue(int fd, int list) {
  dequeue_ums_complist_args args{list, -1};
  const int result = dev_ioctl(fd, IOCTL_DEQUEUE_UMS_CLIST, &args);
  return result == 0 ? args.ums_context : result;
}

int next(int fd, pid_t worker) {
  ums_next_context_list_args args{worker, -2};
  const int result = dev_ioctl(fd, IOCTL_NEXT_UMS_CTX_LIST, &args);
  if (result != 0) return result;
  return args.ums_next_context == -1 ? 0 : args.ums_next_context;
}

int execute(int fd, pid_t worker) {
  return dev_ioctl(fd, IOCTL_EXEC_UMS_CTX, static_cast<unsigned long>(worker));
}

int yield(int fd, const void* parameter) { return dev_ioctl(fd, IOCTL_UMS_YIELD, parameter); }
int exit_worker(int fd) { return dev_ioctl(fd, IOCTL_EXIT_UMS); }

int take_event(int fd, ums_sched_event& event) {
  return dev_ioctl(fd, IOCTL_UMS_SCHED_DQEVENT, &event);
}

std::vector<pid_t> take_batch(int fd, int list) {
  std::vector<pid_t> batch;
  int worker = dequeue(fd, list);
  for (; worker > 0; worker = next(fd, worker)) batch.push_back(worker);
  EXPECT_EQ(worker, 0) << "after " << batch.size() << " workers";
  return batch;
}

int take_event_type(int fd) {
  ums_sched_event event;
  const int result = take_event(fd, event);
  return result == 0 ? static_cast<int>(event.type) : result;
}

void become_scheduler(int fd, int list) {
  ASSERT_EQ(enter_scheduler(fd, list), 0);
  ASSERT_EQ(take_event_type(fd), SCHEDULER_STARTUP);
}

void run_workers(int fd, int list, int ended) {
  while (ended > 0) {
    const std::vector<pid_t> batch = take_batch(fd, list);
    ASSERT_FALSE(batch.empty());
    for (const pid_t worker : batch) {
      ASSERT_EQ(execute(fd, worker), 0);
      if (take_event_type(fd) == THREAD_TERMINATED) --ended;
    }
  }
}

void print_calls_in_flight() {
  for (const CallInFlight& call : calls) {
    const unsigned long request = call.request;
    if (call.tid == 0 || request == 0) continue;
    fmt::print(stderr, "  thread {} in {} ({:#x}, {:#x}) on descriptor {}\n", call.tid.load(),
               request_name(request), request, call.argument.load(), call.fd.load());
  }
}

pid_t thread_id() {
  if (cached_tid == 0) cached_tid = static_cast<pid_t>(syscall(SYS_gettid));
  return cached_tid;
}

void forget_thread_id() { cached_tid = 0; }

}  // namespace ums::test
