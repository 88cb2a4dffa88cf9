// SPDX-License-Identifier: Apache-2.0
//
// Calls about descriptors in a simulation: who would block lets the others go on, and what tasks
// say to each other by a pipe is a function of the schedule.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/expect_right.h"

namespace ums::test {
namespace {

using namespace std::chrono_literals;

struct Pipe {
  Pipe() { EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int reading() const { return ends[0]; }
  int writing() const { return ends[1]; }

  int ends[2];
};

struct Pair {
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0); }
  ~Pair() {
    close(ends[0]);
    close(ends[1]);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  int ends[2];
};

void put(int fd, char byte) { EXPECT_EQ(write(fd, &byte, 1), 1); }

char get(int fd) {
  char byte = 0;
  EXPECT_EQ(read(fd, &byte, 1), 1);
  return byte;
}

TEST(Descriptors, PipesAreATurnstile) {
  expect_right([] {
    const Pipe to_b;
    const Pipe to_a;
    std::string order;
    run_beside(
        [&] {
          for (int i = 0; i < 3; ++i) {
            order += 'a';
            put(to_b.writing(), 'x');
            get(to_a.reading());
          }
        },
        [&] {
          for (int i = 0; i < 3; ++i) {
            get(to_b.reading());
            order += 'b';
            put(to_a.writing(), 'x');
          }
        });
    EXPECT_EQ(order, "ababab");
  });
}

TEST(Descriptors, CountersOfEventsAreWaitedFor) {
  expect_right([] {
    const int counter = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
    constexpr eventfd_t kFull = UINT64_MAX - 1;
    eventfd_t value = 0;
    run_beside([&] { EXPECT_EQ(eventfd_read(counter, &value), 0); },
               [&] { EXPECT_EQ(eventfd_write(counter, 1), 0); });
    EXPECT_EQ(value, 1U);
    EXPECT_EQ(eventfd_write(counter, kFull), 0);
    run_beside([&] { EXPECT_EQ(eventfd_write(counter, 1), 0); },
               [&] { EXPECT_EQ(eventfd_read(counter, &value), 0); });
    close(counter);
    EXPECT_EQ(eventfd_write(counter, 1), -1);
    EXPECT_EQ(eventfd_read(counter, &value), -1);
    EXPECT_EQ(errno, EBADF);
  });
}

// Which of two writers comes first.
std::string order_of_seed(std::uint64_t seed) {
  explore::RandomStrategy strategy(seed);
  std::string order;
  EXPECT_FALSE(explore::run_many(strategy, 1, [&order] {
                 const Pipe pipe;
                 run_beside(
                     [&] {
                       for (int i = 0; i < 4; ++i) put(pipe.writing(), 'a');
                     },
                     [&] {
                       for (int i = 0; i < 4; ++i) put(pipe.writing(), 'b');
                     },
                     [&] {
                       for (int i = 0; i < 8; ++i) order += get(pipe.reading());
                     });
                 return true;
               }).failed());
  return order;
}

TEST(Descriptors, OrderInAPipeIsAFunctionOfTheSchedule) {
  bool differs = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string order = order_of_seed(seed);
    EXPECT_EQ(order.size(), 8U);
    EXPECT_EQ(order_of_seed(seed), order) << "seed " << seed;
    differs |= order != order_of_seed(1);
  }
  EXPECT_TRUE(differs);
}

// More than a pipe or a socket holds.
constexpr std::size_t kMany = 300'000;

std::vector<char> many_bytes() {
  std::vector<char> bytes(kMany);
  std::iota(bytes.begin(), bytes.end(), char{0});
  return bytes;
}

std::vector<char> read_all(int fd) {
  std::vector<char> bytes(kMany);
  std::size_t done = 0;
  while (done < kMany) {
    const ssize_t got = read(fd, bytes.data() + done, kMany - done);
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

template <typename Write>
void expect_all_come(int writing, int reading, Write write_all) {
  explore::RandomStrategy strategy(1);
  EXPECT_FALSE(explore::run_many(strategy, 5, [&] {
                 const std::vector<char> bytes = many_bytes();
                 std::vector<char> come;
                 run_beside([&] { EXPECT_EQ(write_all(writing, bytes), ssize_t{kMany}); },
                            [&] { come = read_all(reading); });
                 return come == bytes;
               }).failed());
}

TEST(Descriptors, LongWritesComeThrough) {
  const Pipe pipe;
  expect_all_come(pipe.writing(), pipe.reading(), [](int fd, const std::vector<char>& bytes) {
    return write(fd, bytes.data(), bytes.size());
  });
  const Pair pair;
  expect_all_come(pair.ends[0], pair.ends[1], [](int fd, const std::vector<char>& bytes) {
    return send(fd, bytes.data(), bytes.size(), 0);
  });
  expect_all_come(pair.ends[0], pair.ends[1], [](int fd, const std::vector<char>& bytes) {
    auto* const start = const_cast<char*>(bytes.data());
    const std::array parts{iovec{start, 1000}, iovec{start + 1000, bytes.size() - 1000}};
    return writev(fd, parts.data(), 2);
  });
}

TEST(Descriptors, ReceivingAllWaitsForAll) {
  expect_right([] {
    const Pair pair;
    run_beside(
        [&] {
          std::array<char, 4> bytes{};
          EXPECT_EQ(recv(pair.ends[0], bytes.data(), 4, MSG_WAITALL), 4);
          EXPECT_EQ(std::string(bytes.data(), 4), "abcd");
          EXPECT_EQ(recv(pair.ends[0], bytes.data(), 4, MSG_DONTWAIT), -1);
          EXPECT_EQ(errno, EAGAIN);
        },
        [&] {
          for (const char byte : {'a', 'b', 'c', 'd'}) put(pair.ends[1], byte);
        });
  });
}

// A listener that the machine has found a port for.
struct Listener {
  Listener() : fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t length = sizeof address;
    EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
    EXPECT_EQ(listen(fd, 1), 0);
  }
  ~Listener() { close(fd); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const int fd;
  sockaddr_in address{};
};

TEST(Descriptors, ServerAndClient) {
  expect_right([] {
    const Listener listener;
    run_beside(
        [&] {
          const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC);
          EXPECT_GE(fd, 0);
          put(fd, static_cast<char>(get(fd) + 1));
          close(fd);
        },
        [&] {
          const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
          EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&listener.address),
                            sizeof listener.address),
                    0);
          put(fd, 'a');
          EXPECT_EQ(get(fd), 'b');
          close(fd);
        });
  });
}

TEST(Descriptors, FullListenerHoldsUpWhoConnects) {
  expect_right([] {
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)), 0);
    socklen_t length = sizeof address;
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    ASSERT_EQ(listen(listener, 0), 0);
    const auto ask = [&] {
      const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
      close(fd);
    };
    run_beside(ask, ask, ask, [&] {
      for (int i = 0; i < 3; ++i) close(accept(listener, nullptr, nullptr));
    });
    close(listener);
  });
}

// Waits for `fd` by one of poll's kin, `ms` in virtual time. Returns what that returns.
using Wait = int (*)(int fd, int ms);

int wait_by_poll(int fd, int ms) {
  pollfd wanted = {fd, POLLIN, 0};
  return poll(&wanted, 1, ms);
}

int wait_by_select(int fd, int ms) {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(fd, &set);
  timeval limit = {ms / 1000, ms % 1000 * 1000L};
  return select(fd + 1, &set, nullptr, nullptr, ms < 0 ? nullptr : &limit);
}

int wait_by_epoll(int fd, int ms) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
  const int result = epoll_wait(epoll, &event, 1, ms);
  close(epoll);
  return result;
}

constexpr std::array<Wait, 3> kWaits{wait_by_poll, wait_by_select, wait_by_epoll};

TEST(Descriptors, PollAndItsKinWaitForOthers) {
  for (const Wait wait : kWaits) {
    expect_right([wait] {
      const Pipe pipe;
      bool written = false;
      run_beside(
          [&] {
            EXPECT_EQ(wait(pipe.reading(), -1), 1);
            EXPECT_TRUE(written);
          },
          [&] {
            written = true;
            put(pipe.writing(), 'x');
          });
      EXPECT_EQ(wait(pipe.reading(), 0), 1);
      get(pipe.reading());
      EXPECT_EQ(wait(pipe.reading(), 0), 0);
    });
  }
}

TEST(Descriptors, LimitsAreInVirtualTime) {
  const auto begin = std::chrono::steady_clock::now();
  for (const Wait wait : kWaits) {
    expect_right([wait] {
      const Pipe pipe;
      const auto start = std::chrono::steady_clock::now();
      std::thread late([&] {
        std::this_thread::sleep_for(3h);
        put(pipe.writing(), 'x');
      });
      EXPECT_EQ(wait(pipe.reading(), 3'600'000), 0);
      EXPECT_GE(std::chrono::steady_clock::now() - start, 1h);
      EXPECT_EQ(wait(pipe.reading(), 36'000'000), 1);
      EXPECT_LT(std::chrono::steady_clock::now() - start, 3h + 1s);
      late.join();
    });
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1h) << "real time";
}

TEST(Descriptors, SignalEndsAWait) {
  expect_right([] {
    const Pipe pipe;
    std::thread reader([&] {
      char byte = 0;
      EXPECT_EQ(read(pipe.reading(), &byte, 1), -1);
      EXPECT_EQ(errno, EINTR);
      EXPECT_EQ(wait_by_poll(pipe.reading(), -1), -1) << "is never restarted";
      EXPECT_EQ(errno, EINTR);
      EXPECT_EQ(get(pipe.reading()), 'x') << "is restarted";
    });
    for (const int flags : {0, SA_RESTART, SA_RESTART}) {
      struct sigaction action {};
      action.sa_handler = [](int) {};
      action.sa_flags = flags;
      sigaction(SIGUSR1, &action, nullptr);
      usleep(1000);
      pthread_kill(reader.native_handle(), SIGUSR1);
      usleep(1000);
    }
    put(pipe.writing(), 'x');
    reader.join();
    signal(SIGUSR1, SIG_DFL);
  });
}

TEST(Descriptors, CancellationEndsARead) {
  expect_right([] {
    const Pipe pipe;
    pthread_t thread;
    const auto read_for_ever = [](void* its_pipe) -> void* {
      for (;;) get(static_cast<const Pipe*>(its_pipe)->reading());
    };
    ASSERT_EQ(pthread_create(&thread, nullptr, read_for_ever, const_cast<Pipe*>(&pipe)), 0);
    put(pipe.writing(), 'x');
    pthread_cancel(thread);
    void* result = nullptr;
    EXPECT_EQ(pthread_join(thread, &result), 0);
    EXPECT_EQ(result, PTHREAD_CANCELED);
  });
}

// A child that ends when it has read from `fd`.
pid_t child_that_reads(int fd) {
  const pid_t child = fork();
  if (child != 0) return child;
  char byte = 0;
  _exit(syscall(SYS_read, fd, &byte, 1) == 1 ? byte : 100);
}

TEST(Descriptors, OthersGoOnWhileOneWaitsForAChild) {
  explore::RandomStrategy strategy(1);
  EXPECT_FALSE(explore::run_many(strategy, 20, [] {
                 const Pipe pipe;
                 const pid_t first = child_that_reads(pipe.reading());
                 const pid_t second = child_that_reads(pipe.reading());
                 const auto wait = [](pid_t pid) {
                   int status = 0;
                   EXPECT_GT(waitpid(pid, &status, 0), 0);
                   EXPECT_TRUE(WIFEXITED(status));
                   EXPECT_EQ(WEXITSTATUS(status), 7);
                 };
                 std::thread one([&] { wait(first); });
                 std::thread other([&] {
                   put(pipe.writing(), 7);
                   put(pipe.writing(), 7);
                 });
                 one.join();
                 other.join();
                 wait(second);
                 EXPECT_EQ(waitpid(-1, nullptr, 0), -1);
                 EXPECT_EQ(errno, ECHILD);
                 return !testing::Test::HasFailure();
               }).failed());
}

TEST(Descriptors, WhatComesFromOutsideIsWaitedFor) {
  explore::RandomStrategy strategy(1);
  EXPECT_FALSE(explore::run_many(strategy, 3, [] {
                 const Pipe pipe;
                 const pid_t child = fork();
                 if (child == 0) {
                   const timespec pause = {0, 20'000'000};
                   syscall(SYS_nanosleep, &pause, nullptr);
                   syscall(SYS_write, pipe.writing(), "x", 1);
                   _exit(0);
                 }
                 run_beside([&] { EXPECT_EQ(get(pipe.reading()), 'x'); },
                            [&] { EXPECT_EQ(waitpid(child, nullptr, 0), child); });
                 return !testing::Test::HasFailure();
               }).failed());
}

TEST(Descriptors, LocksOfFiles) {
  char path[] = "/tmp/ums-lock-XXXXXX";
  const int one = mkostemp(path, O_CLOEXEC);
  const int two = open(path, O_RDONLY | O_CLOEXEC);
  ASSERT_GE(two, 0);
  expect_right([=] {
    int inside = 0;
    const auto enter = [&](int fd) {
      EXPECT_EQ(flock(fd, LOCK_EX), 0);
      EXPECT_EQ(++inside, 1);
      sched_yield();
      --inside;
      EXPECT_EQ(flock(fd, LOCK_UN), 0);
    };
    run_beside([&] { enter(one); }, [&] { enter(two); });
  });
  close(one);
  close(two);
  unlink(path);
}

}  // namespace
}  // namespace ums::test
