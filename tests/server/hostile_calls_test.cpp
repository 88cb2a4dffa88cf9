// SPDX-License-Identifier: Apache-2.0
//
// Programs that call the device in bad ways: a clear error to them alone. Beside each a good
// program is served, and nothing is left in the kernel (served looks).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <random>
#include <string>
#include <thread>

#include "support/seed.h"
#include "support/server/neighbour.h"
#include "support/server/served.h"

namespace ums::test {
namespace {

constexpr int kEnotsupp = 524;
constexpr std::array<unsigned long, 9> kRequests = {
    IOCTL_CREATE_UMS_CLIST,  IOCTL_ENTER_UMS,         IOCTL_UMS_SCHED_DQEVENT,
    IOCTL_DEQUEUE_UMS_CLIST, IOCTL_NEXT_UMS_CTX_LIST, IOCTL_EXEC_UMS_CTX,
    IOCTL_UMS_YIELD,         IOCTL_EXIT_UMS,          IOCTL_DELETE_UMS_CLIST};

// Fails the test if `result` is none of these.
void expect_one_of(int result, std::initializer_list<int> possible, const std::string& what) {
  EXPECT_NE(std::find(possible.begin(), possible.end(), result), possible.end())
      << what << " gives " << result;
}

// Calls that wait for somebody fail with EINTR after a while.
void interrupt_waits() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGALRM, &action, nullptr);
  const itimerval often = {{0, 500}, {0, 500}};
  setitimer(ITIMER_REAL, &often, nullptr);
}

// One that makes random calls.
class Fuzzer {
 public:
  explicit Fuzzer(std::uint64_t seed) : random_(seed) {}

  // Until it is suspended, where no other call is possible.
  void run() {
    fd_ = dev_open();
    interrupt_waits();
    bool suspended = false;
    for (int i = 0; i < 100 && !suspended; ++i) suspended = call() == -EBUSY;
  }

 private:
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

  // One of the nine, most of the time; else one that looks like it, or anything.
  unsigned long any_request() {
    const unsigned long request = kRequests[pick(kRequests.size())];
    const std::uint64_t kind = pick(8);
    if (kind == 0) return request ^ (1UL << pick(32));
    if (kind == 1) return request ^ (1UL << (32 + pick(32)));
    return kind == 2 ? random_() : request;
  }

  unsigned long any_argument() {
    switch (pick(4)) {
      case 0:
        return pick(5);
      case 1:
        return random_();
      case 2:
        return static_cast<unsigned long>(getpid());
      default:
        for (int& word : memory_) word = static_cast<int>(pick(4));
        return reinterpret_cast<unsigned long>(&memory_) + pick(4);
    }
  }

  int call() {
    const unsigned long request = any_request();
    const unsigned long argument = any_argument();
    const int result = dev_ioctl(fd_, request, argument);
    expect_one_of(
        result,
        {0, -EINTR, -EBUSY, -EACCES, -EINVAL, -ESRCH, -ENOMEM, -EFAULT, -ENOTTY, -kEnotsupp},
        "request " + std::to_string(request) + ", argument " + std::to_string(argument));
    return result;
  }

  std::mt19937_64 random_;
  int fd_ = -1;
  int memory_[16] = {};
};

TEST(HostileCalls, Malformed) {
  const auto program = [] {
    std::mt19937_64 random(test_seed());
    Neighbour neighbour;
    for (int i = 0; i < 300 && !testing::Test::HasFailure(); ++i) {
      const std::uint64_t seed = random();
      Victim fuzzer([seed] {
        Fuzzer(seed).run();
        _exit(testing::Test::HasFailure() ? 1 : 0);
      });
      EXPECT_EQ(fuzzer.wait(), 0);
    }
  };
  EXPECT_EQ(served(program), 0);
}

// Runs `change` on another thread again and again, while this one makes calls, which do not wait.
void while_it_changes(const std::function<void()>& change, const std::function<void()>& call) {
  std::atomic<bool> done{false};
  std::thread changer([&] {
    while (!done) change();
  });
  for (int i = 0; i < 2000 && !testing::Test::HasFailure(); ++i) call();
  done = true;
  changer.join();
}

// A page of memory with a call's argument.
class Page {
 public:
  Page() { map(); }
  void map() {
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    EXPECT_EQ(mmap(where_, kBytes, PROT_READ | PROT_WRITE, kFlags, -1, 0), where_);
  }
  void unmap() { munmap(where_, kBytes); }
  void protect() { mprotect(where_, kBytes, PROT_READ); }
  void* at(std::size_t offset) const { return static_cast<char*>(where_) + offset; }

  static constexpr std::size_t kBytes = 4096;

 private:
  void* const where_ = mmap(nullptr, 2 * kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
};

// Memory that comes and goes, of zeros: no list and no worker has such a number.
void call_with_vanishing(void* pointer, int fd) {
  int list = dev_ioctl(fd, IOCTL_CREATE_UMS_CLIST, pointer);
  expect_one_of(list, {0, -EACCES}, "CREATE");
  expect_one_of(dev_ioctl(fd, IOCTL_ENTER_UMS, pointer), {-EINVAL, -EACCES}, "ENTER");
  expect_one_of(dev_ioctl(fd, IOCTL_DEQUEUE_UMS_CLIST, pointer), {-EINVAL, -ESRCH, -EACCES},
                "DEQUEUE");
  expect_one_of(dev_ioctl(fd, IOCTL_NEXT_UMS_CTX_LIST, pointer), {-ESRCH, -EACCES}, "NEXT");
}

TEST(HostileCalls, MemoryThatIsUnmapped) {
  const auto program = [] {
    Neighbour neighbour;
    Victim hostile([] {
      const int fd = dev_open();
      Page page;
      while_it_changes(
          [&] {
            page.unmap();
            page.map();
            page.protect();
          },
          [&] { call_with_vanishing(page.at(0), fd); });
      // The same across the end of what is mapped at all.
      while_it_changes(
          [&] {
            page.unmap();
            page.map();
          },
          [&] { call_with_vanishing(page.at(Page::kBytes - 2), fd); });
      _exit(testing::Test::HasFailure() ? 1 : 0);
    });
    EXPECT_EQ(hostile.wait(), 0);
  };
  EXPECT_EQ(served(program), 0);
}

// Every call sees one value or the other, and never acts on both.
TEST(HostileCalls, ContentThatChanges) {
  const auto program = [] {
    Neighbour neighbour;
    Victim hostile([] {
      const int fd = dev_open();
      const int list = create_list(fd);
      Worker worker(fd, list);
      become_scheduler(fd, list);
      EXPECT_EQ(dequeue(fd, list), worker.tid());

      enter_ums_mode_args mode{};
      while_it_changes(
          [&] {
            __atomic_store_n(&mode.flags, mode.flags ^ ENTER_UMS_SCHED, __ATOMIC_RELAXED);
            __atomic_store_n(&mode.ums_complist, list - mode.ums_complist, __ATOMIC_RELAXED);
          },
          [&] {
            expect_one_of(dev_ioctl(fd, IOCTL_ENTER_UMS, &mode), {-ENOMEM, -EINVAL}, "ENTER");
          });

      ums_next_context_list_args walk{worker.tid(), 0};
      while_it_changes(
          [&] { __atomic_fetch_xor(&walk.ums_context, 0x100000, __ATOMIC_RELAXED); },
          [&] {
            expect_one_of(dev_ioctl(fd, IOCTL_NEXT_UMS_CTX_LIST, &walk), {0, -ESRCH}, "NEXT");
          });
      EXPECT_EQ(execute(fd, worker.tid()), 0);
      worker.join();
      _exit(testing::Test::HasFailure() ? 1 : 0);
    });
    EXPECT_EQ(hostile.wait(), 0);
  };
  EXPECT_EQ(served(program), 0);
}

// Between notification and answer, by exit_group(2) of another thread.
TEST(HostileCalls, ExitInTheMiddle) {
  const auto program = [] {
    std::mt19937_64 random(test_seed());
    Neighbour neighbour;
    for (int i = 0; i < 300; ++i) {
      const auto pause_us = static_cast<useconds_t>(random() % 300);
      Victim hostile([pause_us] {
        const int fd = dev_open();
        for (int thread = 0; thread < 3; ++thread) {
          std::thread([fd] {
            for (;;) delete_list(fd, create_list(fd));
          }).detach();
        }
        usleep(pause_us);            // any moment will do
        syscall(SYS_exit_group, 0);  // at once, whatever a sanitizer does at the end
      });
      EXPECT_EQ(hostile.wait(), 0);
    }
  };
  EXPECT_EQ(served(program), 0);
}

#if defined(__x86_64__)

// A return from no handler, with whatever stack.
[[noreturn]] void return_by_signal(std::uint64_t stack) {
  asm volatile("mov %0, %%rsp; mov $15, %%eax; syscall; hlt" : : "r"(stack) : "memory");
  __builtin_unreachable();
}

TEST(HostileCalls, ReturnsFromNoHandler) {
  const auto program = [] {
    Neighbour neighbour;
    for (const std::uint64_t stack : {0UL, 1UL, 4096UL, 1UL << 47, ~0UL, ~0UL - 1}) {
      Victim hostile([stack] {
        signal(SIGSEGV, SIG_DFL);  // it is a sanitizer's
        dev_open();
        return_by_signal(stack);
      });
      const int status = hostile.wait();
      EXPECT_TRUE(WIFSIGNALED(status)) << std::hex << stack;
    }
  };
  EXPECT_EQ(served(program), 0);
}

#endif

void fill_pipe(int end) {
  fcntl(end, F_SETFL, O_NONBLOCK);
  while (write(end, "x", 1) == 1) {
  }
  fcntl(end, F_SETFL, 0);
}

// The kernel has something to say, and would have to wait for a reader.
TEST(HostileCalls, StandardErrorThatNobodyReads) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  fill_pipe(ends[1]);
  const int before = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  const auto program = [] {
    Neighbour neighbour;
    const int fd = dev_open();
    const int list = create_list(fd);
    become_scheduler(fd, list);
    EXPECT_EQ(delete_list(fd, list), 0);
    EXPECT_EQ(delete_list(fd, list), -EINVAL) << "a misuse";
  };
  const int status = served(program);
  dup2(before, STDERR_FILENO);
  for (const int fd : {before, ends[0], ends[1]}) close(fd);
  EXPECT_EQ(status, 0);
}

// The descriptor's name in /proc leads to the device, not to the FIFO that stands for it.
TEST(HostileCalls, OtherEndsOfTheFifo) {
  const auto program = [] {
    Neighbour neighbour;
    Victim hostile([] {
      const int fd = dev_open();
      const std::string name = "/proc/self/fd/" + std::to_string(fd);
      for (const int mode : {O_RDONLY, O_WRONLY, O_RDWR}) {
        EXPECT_EQ(open(name.c_str(), mode | O_NONBLOCK), -1) << "a second file of this thread";
        EXPECT_TRUE(errno == ENOMEM || errno == EACCES) << errno;
      }
      EXPECT_EQ(write(fd, "x", 1), -1);
      EXPECT_EQ(errno, EBADF);
      EXPECT_EQ(create_list(fd), 1);
      EXPECT_EQ(dev_close(fd), 0);
      EXPECT_EQ(dev_open(), fd) << "the file was released";
      _exit(testing::Test::HasFailure() ? 1 : 0);
    });
    EXPECT_EQ(hostile.wait(), 0);
  };
  EXPECT_EQ(served(program), 0);
}

// A scheduler and a worker that give one another turns for ever, in two processes.
void take_turns_as_scheduler(int fd, int list) {
  enter_scheduler(fd, list);
  for (;;) {
    const int worker = dequeue(fd, list);
    if (worker > 0) execute(fd, worker);
    ums_sched_event event;
    take_event(fd, event);
  }
}

void take_turns_as_worker(int fd, int list) {
  enter_worker(fd, list);
  for (;;) yield(fd);
}

TEST(HostileCalls, StopsInTheMiddle) {
  const auto program = [] {
    std::mt19937_64 random(test_seed());
    Neighbour neighbour;
    const int fd = dev_open();
    const int list = create_list(fd);
    Victim scheduler([&] { take_turns_as_scheduler(fd, list); });
    Victim worker([&] { take_turns_as_worker(fd, list); });
    for (int i = 0; i < 100; ++i) {
      const pid_t stopped = i % 2 == 0 ? scheduler.pid() : worker.pid();
      EXPECT_EQ(kill(stopped, SIGSTOP), 0);
      if (i % 10 == 0) neighbour.expect_served();
      EXPECT_EQ(kill(stopped, SIGCONT), 0);
      usleep(static_cast<useconds_t>(random() % 500));  // any moment will do
    }
    EXPECT_EQ(kill(worker.pid(), SIGSTOP), 0);
    scheduler.die();
    neighbour.expect_served();
  };
  EXPECT_EQ(served(program), 0);
}

}  // namespace
}  // namespace ums::test
