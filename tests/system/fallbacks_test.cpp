// SPDX-License-Identifier: Apache-2.0
//
// The ways that are taken where Linux refuses the fast ones: arch_prctl instead of wrfsbase, fences
// instead of membarrier(2), a pipe instead of process_vm_writev(2), a plain signal instead of a
// queued one. The core of the behaviour, as CoreCases, runs as it is, and again in a process of its
// own for each of them: the refusals are real, by a seccomp filter or a limit that is there before
// the program starts.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/fiber/thread_pointer.h"
#include "sim_kernel/parallel/idle.h"
#include "sim_kernel/sched/task.h"
#include "support/emulator.h"
#include "support/pages.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

// What the environment says that this process goes without: "fsgsbase", "membarrier" ...
constexpr char kWithoutVariable[] = "UMS_TEST_WITHOUT";

std::string without() {
  const char* const value = std::getenv(kWithoutVariable);
  return value == nullptr ? "" : value;
}

class CoreCases : public DeviceTest {
 protected:
  void SetUp() override {
#if defined(__x86_64__)
    if (without() == "fsgsbase") kernel::have_fsgsbase = false;
#endif
    DeviceTest::SetUp();
  }
};

// The refusal is in force: else the cases below prove nothing.
TEST_F(CoreCases, IsWithoutWhatItShouldBe) {
  if (without() == "membarrier") {
    EXPECT_EQ(kernel::raw_syscall(SYS_membarrier, 0), -EPERM);
  }
  if (without() == "sigpending") {
    EXPECT_EQ(sigqueue(getpid(), SIGRTMIN, sigval{}), -1);
    EXPECT_EQ(errno, EAGAIN);
  }
  if (without() == "process_vm") {
    EXPECT_EQ(kernel::raw_syscall(SYS_process_vm_readv, getpid(), 0, 0, 0, 0, 0), -EPERM);
    EXPECT_EQ(kernel::raw_syscall(SYS_process_vm_writev, getpid(), 0, 0, 0, 0, 0), -EPERM);
  }
}

TEST_F(CoreCases, WorkersYieldAndKeepTheirState) {
  become_scheduler(fd_, list_);
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 10; ++i) {
    workers.push_back(std::make_unique<Worker>(fd_, list_, [this, i] {
      for (int round = 0; round < 20; ++round) {
        errno = i;
        const int result = yield(fd_);
        EXPECT_EQ(errno, i);
        EXPECT_EQ(result, 0);
      }
    }));
  }
  run_workers(fd_, list_, 10);
}

TEST_F(CoreCases, TwoProcessors) {
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 8; ++i) {
    workers.push_back(std::make_unique<Worker>(fd_, list_, [this] {
      for (int round = 0; round < 200; ++round) EXPECT_EQ(yield(fd_), 0);
    }));
  }
  std::atomic<int> left{8};
  const auto serve_until_all_ended = [&](int own) {
    become_scheduler(fd_, own);
    while (left > 0) {
      const int first = dequeue(fd_, list_);
      if (first <= 0) return;  // the list went with its last worker
      std::vector<pid_t> batch;
      for (pid_t worker = first; worker > 0; worker = next(fd_, worker)) batch.push_back(worker);
      for (const pid_t worker : batch) {
        EXPECT_EQ(execute(fd_, worker), 0);
        if (take_event_type(fd_) == THREAD_TERMINATED) --left;
      }
    }
  };
  const int own[] = {create_list(fd_), create_list(fd_)};
  EXPECT_EQ(delete_list(fd_, list_), 0);
  Thread one([&] { serve_until_all_ended(own[0]); });
  Thread two([&] { serve_until_all_ended(own[1]); });
  one.join();
  two.join();
  EXPECT_EQ(left, 0);
}

TEST_F(CoreCases, EndsOfThreads) {
  become_scheduler(fd_, list_);
  Worker returns(Worker::NoExit{}, fd_, list_);
  Worker exits(Worker::NoExit{}, fd_, list_, [] { pthread_exit(nullptr); });
  Worker cancelled(Worker::NoExit{}, fd_, list_, [] {
    about_to_be_cancelled();
    pthread_testcancel();
  });
  Worker throws(fd_, list_, [&] {
    EXPECT_THROW(
        {
          EXPECT_EQ(yield(fd_), 0);
          throw std::runtime_error("passes a frame that yielded");
        },
        std::runtime_error);
  });
  EXPECT_EQ(pthread_cancel(cancelled.handle()), 0);
  run_workers(fd_, list_, 4);
  EXPECT_EQ(cancelled.join(), PTHREAD_CANCELED);
}

TEST_F(CoreCases, Nesting) {
  become_scheduler(fd_, list_);
  const int inner = create_list(fd_);
  Worker outer(fd_, list_, [&] {
    become_scheduler(fd_, inner);
    Worker nested(fd_, inner, [&] { EXPECT_EQ(yield(fd_), 0); });
    EXPECT_EQ(yield(fd_), 0);
    run_workers(fd_, inner, 1);
  });
  run_workers(fd_, list_, 1);
}

TEST_F(CoreCases, Pointers) {
  const Pages pages;
  char* const memory = pages.writable() + 3;
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_CREATE_UMS_CLIST, memory), 0);
  EXPECT_EQ(*memory, 2);
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_CREATE_UMS_CLIST, pages.read_only()), -EACCES);
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_CREATE_UMS_CLIST, pages.crossing(4, 2)), -EACCES);
  EXPECT_EQ(create_list(fd_), 3);
}

TEST_F(CoreCases, CloseUnderUse) {
  for (int round = 0; round < 50; ++round) {
    const int fd = dev_open_elsewhere();
    Thread user([&] {
      for (int id = 0; id >= 0;) id = create_list(fd);
    });
    EXPECT_EQ(dev_close(fd), 0);
  }
}

std::atomic<int> handled{0};

TEST_F(CoreCases, SignalToASuspendedWorker) {
  handled = 0;
  signal(SIGUSR1, [](int) { ++handled; });
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_, [] { wait_until([] { return handled == 1; }); });
  EXPECT_EQ(pthread_kill(worker.handle(), SIGUSR1), 0);
  run_workers(fd_, list_, 1);
  signal(SIGUSR1, SIG_DFL);
}

TEST_F(CoreCases, ForkedChild) {
  const int status = in_child([] {
    const int fd = dev_open();
    const int list = create_list(fd);
    Worker worker(fd, list, [fd] { EXPECT_EQ(yield(fd), 0); });
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

// ---- the same in a process without one thing or another

// Makes Linux refuse system calls `first` to `last` with EPERM, in this process and what it runs.
bool refuse(unsigned first, unsigned last) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(code)), code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

class Fallbacks : public SystemTest {
 protected:
  // Runs CoreCases in a new process. Returns its status.
  int core_cases_without(const char* what, const std::function<bool()>& prepare) {
    return in_child([&] {
      setenv(kWithoutVariable, what, 1);
      if (!prepare()) _exit(77);
      std::vector<std::string> words = command_of_this_program();
      words.insert(words.end(), {"--gtest_filter=CoreCases.*", "--gtest_brief=1"});
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      execv(arguments[0], arguments.data());
      _exit(126);
    });
  }
};

#define EXPECT_CORE_CASES(status)                                                     \
  do {                                                                                \
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no seccomp"; \
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << (status);           \
  } while (false)

TEST_F(Fallbacks, WithoutFsgsbase) {
  const int status = core_cases_without("fsgsbase", [] { return true; });
  EXPECT_CORE_CASES(status);
}

TEST_F(Fallbacks, WithoutMembarrier) {
  const int status =
      core_cases_without("membarrier", [] { return refuse(SYS_membarrier, SYS_membarrier); });
  EXPECT_CORE_CASES(status);
}

TEST_F(Fallbacks, WithoutProcessVm) {
  const int status = core_cases_without(
      "process_vm", [] { return refuse(SYS_process_vm_readv, SYS_process_vm_writev); });
  EXPECT_CORE_CASES(status);
}

// Nothing more can be queued for this user: wake-ups become plain signals.
bool allow_no_queued_signals() {
  const rlimit none = {0, 0};
  return setrlimit(RLIMIT_SIGPENDING, &none) == 0;
}

TEST_F(Fallbacks, WithoutQueuedSignals) {
  const int status = core_cases_without("sigpending", allow_no_queued_signals);
  EXPECT_CORE_CASES(status);
}

// The number of the plain wake-up may have been given back to the process, which got one itself.
TEST_F(Fallbacks, WithoutQueuedSignalsAndPlainOnes) {
  const int status = in_child([] {
    if (!allow_no_queued_signals()) _exit(77);
    sigset_t plain;
    sigemptyset(&plain);
    sigaddset(&plain, kernel::kPlainWakeSignal);
    ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &plain, nullptr), 0);
    const int fd = dev_open();
    const int list = create_list(fd);
    Worker worker(fd, list, [fd] { EXPECT_EQ(yield(fd), 0); });
    const kernel::Cpu& home = kernel::find_task(worker.tid())->machine.home;
    ASSERT_EQ(kill(getpid(), kernel::kPlainWakeSignal), 0);
    wait_until([&] { return (home.awaited.load() & kernel::kPlainWakeBit) == 0; });
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
    worker.join();
    siginfo_t info;
    EXPECT_EQ(sigwaitinfo(&plain, &info), kernel::kPlainWakeSignal) << "the process's own";
    EXPECT_EQ(info.si_code, SI_USER);
  });
  EXPECT_CORE_CASES(status);
}

// Of a signal that names a worker Linux then keeps the number, and neither the code nor the sender.
TEST_F(Fallbacks, SignalOfAWorkerWithoutQueuedSignals) {
  const int status = in_child([] {
    if (!allow_no_queued_signals()) _exit(77);
    static std::atomic<pthread_t> handled_by{};
    ::signal(SIGUSR1, [](int) { handled_by = pthread_self(); });
    const int fd = dev_open();
    const int list = create_list(fd);
    Worker worker(fd, list, [] { wait_until([] { return handled_by != pthread_t{}; }); });
    ASSERT_EQ(pthread_kill(worker.handle(), SIGUSR1), 0);
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
    EXPECT_TRUE(pthread_equal(handled_by, worker.handle()));
    worker.join();
  });
  EXPECT_CORE_CASES(status);
}

// What refuses the calls is seen: with the wrong one the first case must fail.
TEST_F(Fallbacks, RefusalIsChecked) {
  const int status = core_cases_without("membarrier", [] {
    return dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO) == STDOUT_FILENO;  // it is expected
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
}

}  // namespace
}  // namespace ums::test
