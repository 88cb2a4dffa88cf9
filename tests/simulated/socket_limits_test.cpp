// SPDX-License-Identifier: Apache-2.0
//
// SO_RCVTIMEO and SO_SNDTIMEO in a simulation: calls give up when virtual time has come to them.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include "tests/support/expect_right.h"

namespace ums::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

void limit(int fd, int option, long seconds) {
  const timeval span = {seconds, 0};
  EXPECT_EQ(setsockopt(fd, SOL_SOCKET, option, &span, sizeof span), 0);
}

// Two ends of a stream, on which reading and writing have a limit of an hour.
struct LimitedPair {
  LimitedPair() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    limit(ends[0], SO_RCVTIMEO, 3600);
    limit(ends[0], SO_SNDTIMEO, 3600);
  }
  ~LimitedPair() {
    for (const int end : ends) close(end);
  }
  LimitedPair(const LimitedPair&) = delete;
  LimitedPair& operator=(const LimitedPair&) = delete;

  std::array<int, 2> ends{};
};

// `call` gives up with `error` after an hour of virtual time.
template <typename Call>
void expect_hour(Call call, int error = EAGAIN) {
  const auto start = steady_clock::now();
  errno = 0;
  EXPECT_EQ(call(), -1);
  EXPECT_EQ(errno, error);
  const auto took = steady_clock::now() - start;
  EXPECT_GE(took, 1h);
  EXPECT_LT(took, 1h + 1s);
}

TEST(SocketLimits, ReadsGiveUp) {
  expect_right([] {
    const LimitedPair pair;
    std::array<char, 4> bytes{};
    expect_hour([&] { return read(pair.ends[0], bytes.data(), 4); });
    expect_hour([&] { return recv(pair.ends[0], bytes.data(), 4, 0); });
    expect_hour([&] { return recv(pair.ends[0], bytes.data(), 4, MSG_WAITALL); });
    EXPECT_EQ(write(pair.ends[1], "ab", 2), 2);
    EXPECT_EQ(recv(pair.ends[0], bytes.data(), 4, MSG_WAITALL), 2);
  });
}

TEST(SocketLimits, WritesGiveUp) {
  const auto fill = [](auto write_some) {
    expect_right([write_some] {
      const LimitedPair pair;
      while (send(pair.ends[0], "abcd", 4, MSG_DONTWAIT) > 0) continue;
      expect_hour([&] { return write_some(pair.ends[0]); });
    });
  };
  fill([](int fd) { return write(fd, "x", 1); });
  fill([](int fd) {
    const std::array<char, 100'000> many{};
    return send(fd, many.data(), many.size(), 0);
  });
}

TEST(SocketLimits, WhatComesInTimeIsRead) {
  expect_right([] {
    const LimitedPair pair;
    std::thread late([&] {
      std::this_thread::sleep_for(59min);
      EXPECT_EQ(write(pair.ends[1], "x", 1), 1);
      std::this_thread::sleep_for(2h);
      EXPECT_EQ(write(pair.ends[1], "y", 1), 1);
    });
    char byte = 0;
    EXPECT_EQ(read(pair.ends[0], &byte, 1), 1);
    expect_hour([&] { return read(pair.ends[0], &byte, 1); });
    limit(pair.ends[0], SO_RCVTIMEO, 0);
    EXPECT_EQ(read(pair.ends[0], &byte, 1), 1);
    EXPECT_EQ(byte, 'y');
    late.join();
  });
}

TEST(SocketLimits, AcceptAndConnectGiveUp) {
  expect_right([] {
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(bind(listener, name, sizeof(sa_family_t)), 0);
    socklen_t length = sizeof address;
    getsockname(listener, name, &length);
    ASSERT_EQ(listen(listener, 0), 0);
    limit(listener, SO_RCVTIMEO, 3600);
    expect_hour([&] { return accept(listener, nullptr, nullptr); });
    std::array<int, 2> clients{};
    for (int& client : clients) {
      client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      limit(client, SO_SNDTIMEO, 3600);
    }
    EXPECT_EQ(connect(clients[0], name, length), 0);
    expect_hour([&] { return connect(clients[1], name, length); });
    for (const int client : clients) close(client);
    close(listener);
  });
}

// LINUX: a handler ends a call with a limit whether it has SA_RESTART or not (signal(7)).
TEST(SocketLimits, SignalEndsACallWithALimit) {
  expect_right([] {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, nullptr);
    const LimitedPair pair;
    std::thread reader([&] {
      char byte = 0;
      EXPECT_EQ(read(pair.ends[0], &byte, 1), -1);
      EXPECT_EQ(errno, EINTR);
    });
    usleep(1000);
    pthread_kill(reader.native_handle(), SIGUSR1);
    reader.join();
    signal(SIGUSR1, SIG_DFL);
  });
}

}  // namespace
}  // namespace ums::test
