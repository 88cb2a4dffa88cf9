// SPDX-License-Identifier: Apache-2.0
//
// Checks of how many threads there can be: a UMS worker is a thread.
#include <fmt/core.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tools/ums/doctor/checks.h"
#include "tools/ums/doctor/probe_child.h"

namespace ums::command {
namespace {

constexpr long kThreadsWanted = 128;  // of a small program
constexpr long kThreadsUsual = 4096;  // fewer are worth a word
constexpr std::size_t kStackBytes = std::size_t{8} << 20;

struct Limit {
  long threads;
  std::string name;
  std::string remedy;
};

std::optional<long> number_in(const std::string& path) {
  std::ifstream file(path);
  long number = 0;
  if (file >> number) return number;
  return std::nullopt;  // not there, or "max"
}

// The folder of this process in cgroup v2; empty if there is none.
std::string cgroup_folder() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::/")) return "/sys/fs/cgroup" + line.substr(3);
  }
  return {};
}

// The strictest pids.max from this process's cgroup up.
std::optional<long> cgroup_limit() {
  const std::string root = "/sys/fs/cgroup";
  std::optional<long> least = number_in(root + "/pids/pids.max");  // version 1
  for (std::string folder = cgroup_folder(); folder.size() >= root.size();
       folder.resize(folder.rfind('/'))) {
    const std::optional<long> here = number_in(folder + "/pids.max");
    if (here && (!least || *here < *least)) least = here;
  }
  return least;
}

std::vector<Limit> limits() {
  std::vector<Limit> all;
  rlimit processes{};
  getrlimit(RLIMIT_NPROC, &processes);
  if (processes.rlim_cur != RLIM_INFINITY && geteuid() != 0) {
    all.push_back({static_cast<long>(processes.rlim_cur), "RLIMIT_NPROC",
                   processes.rlim_max == processes.rlim_cur
                       ? "raise nproc in /etc/security/limits.conf"
                       : fmt::format("ulimit -u {}", processes.rlim_max == RLIM_INFINITY
                                                         ? "unlimited"
                                                         : std::to_string(processes.rlim_max))});
  }
  for (const char* name : {"pid_max", "threads-max"}) {
    if (const auto limit = number_in(std::string("/proc/sys/kernel/") + name)) {
      all.push_back({*limit, std::string("kernel.") + name,
                     fmt::format("as root: sysctl kernel.{}=...", name)});
    }
  }
  if (const auto limit = cgroup_limit()) {
    all.push_back({*limit, "pids.max of the cgroup", "raise the container's limit of processes"});
  }
  return all;
}

void* wait_for_end(void* /*unused*/) {
  for (;;) pause();
}

// In a child: starts threads until one fails, or there are kThreadsWanted; sends number and error.
int start_threads(int socket) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  int started = 0;
  int error = 0;
  for (; started < kThreadsWanted && error == 0; started += error == 0 ? 1 : 0) {
    pthread_t thread;
    error = pthread_create(&thread, &attributes, wait_for_end, nullptr);
  }
  send_message(socket, {FrontMessage::kStarted, started, std::strerror(error)});
  return 0;
}

}  // namespace

Finding check_threads() {
  ProbeChild child(start_threads);
  const FrontMessage answer = child.receive();
  if (answer.value >= kThreadsWanted) return ok(fmt::format("{} could be started", answer.value));
  const std::string found = fmt::format("only {} could be started: {}", answer.value, answer.text);
  const std::string remedy = "end other processes of this user, or see thread limits";
  return answer.value == 0 ? fails(found, remedy) : limited(found, remedy);
}

Finding check_thread_limits() {
  const std::vector<Limit> all = limits();
  if (all.empty()) return ok("none");
  const Limit& least = *std::min_element(
      all.begin(), all.end(), [](const Limit& a, const Limit& b) { return a.threads < b.threads; });
  const std::string found =
      fmt::format("at most {} workers at once, by {}", least.threads, least.name);
  return least.threads >= kThreadsUsual ? ok(found) : limited(found, least.remedy);
}

Finding check_stack_memory() {
  // As pthread_create maps stacks, for a usual number of threads with the usual size.
  const std::size_t bytes = kThreadsUsual * kStackBytes;
  void* const stacks = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (stacks != MAP_FAILED) {
    munmap(stacks, bytes);
    return ok(fmt::format("{} stacks of 8 MiB could be mapped", kThreadsUsual));
  }
  const std::string found =
      fmt::format("{} stacks of 8 MiB cannot be mapped: {}", kThreadsUsual, std::strerror(errno));
  if (number_in("/proc/sys/vm/overcommit_memory") == 2) {
    return limited(found + " (vm.overcommit_memory is 2)",
                   "use smaller stacks (ulimit -s 256), or as root: sysctl vm.overcommit_memory=0");
  }
  return limited(found, "use smaller stacks (ulimit -s 256), or raise ulimit -v");
}

}  // namespace ums::command
