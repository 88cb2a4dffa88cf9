// SPDX-License-Identifier: Apache-2.0
#include "bench/child.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/core.h>

namespace ums::bench {
namespace {

constexpr int kTimeLimitMs = 60'000;

// Waits for the child's sample. Returns false where none came.
bool receive(int fd, Sample& sample) {
  pollfd wanted{fd, POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&wanted, 1, kTimeLimitMs);
  } while (ready < 0 && errno == EINTR);
  return ready == 1 && read(fd, &sample, sizeof sample) == static_cast<ssize_t>(sizeof sample);
}

Sample without_sample(int status) {
  if (WIFSIGNALED(status)) {
    return Sample::failed(fmt::format("the child was ended by signal {}", WTERMSIG(status)));
  }
  return Sample::failed(fmt::format("the child exited with {}, no sample", WEXITSTATUS(status)));
}

[[noreturn]] void end_child_with(const Sample& sample, int report_fd) {
  const auto sent = write(report_fd, &sample, sizeof sample);
  _exit(sent == static_cast<ssize_t>(sizeof sample) ? 0 : 1);
}

Sample in_child(const std::function<Sample()>& take) {
  int ends[2];
  if (pipe(ends) != 0) {
    return Sample::failed(fmt::format("pipe: {}", std::strerror(errno)));
  }
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    end_child_with(take(), ends[1]);
  }
  close(ends[1]);
  Sample sample;
  const bool received = child > 0 && receive(ends[0], sample);
  close(ends[0]);
  if (child < 0) {
    return Sample::failed(fmt::format("fork: {}", std::strerror(errno)));
  }
  if (!received) {
    kill(child, SIGKILL);  // Of no effect on one that has already died.
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return received ? sample : without_sample(status);
}

}  // namespace

std::function<Sample()> isolated(std::function<Sample()> take) {
  return [take = std::move(take)] { return in_child(take); };
}

}  // namespace ums::bench
