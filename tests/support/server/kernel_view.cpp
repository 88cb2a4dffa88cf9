// SPDX-License-Identifier: Apache-2.0
//
// The kernel process is the parent of the tests' process (main.cpp). Each look is a
// connection: the kernel loop reads a question and a number, and answers by a text.
#include "support/kernel_view.h"
#include "support/objects_here.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <sstream>

#include "sim_kernel/base/printk.h"
#include "sim_kernel/debug/misuse.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/server/event_source.h"
#include "sim_kernel/sync/lock_rank.h"
#include "support/server/kernel_window.h"

namespace ums::test {

namespace {

using kernel::Task;

enum class Question : int { kTask, kObjects, kMisuses, kLocks, kTasks, kLogNext, kLog };

struct Asked {
  Question question;
  std::uint64_t number;  // of a thread, or of a record
};

// ---- in the kernel process

std::string task_text(const Task& task) {
  return fmt::format("{} {}\n", task.tid, static_cast<int>(task.state.load()));
}

std::string tasks_text(pid_t only) {
  struct Search {
    pid_t only;
    std::string text;
  } search{only, {}};
  kernel::for_each_task(
      [](Task& task, void* argument) {
        Search& wanted = *static_cast<Search*>(argument);
        if (wanted.only == 0 || wanted.only == task.tid) wanted.text += task_text(task);
      },
      &search);
  return search.text;
}

std::string objects_text() {
  std::string text;
  for (const auto& [name, count] : objects_here()) text += fmt::format("{} {}\n", name, count);
  return text;
}

std::string log_text(std::uint64_t first) {
  std::string text;
  kernel::printk_read(
      first, [&](const kernel::LogRecord& record) { text.append(record.text()).append("\n"); });
  return text;
}

std::string answer_to(const Asked& asked) {
  switch (asked.question) {
    case Question::kTask:
      return tasks_text(static_cast<pid_t>(asked.number));
    case Question::kTasks:
      return tasks_text(0);
    case Question::kObjects:
      return objects_text();
    case Question::kMisuses:
      return std::to_string(kernel::misuse_count());
    case Question::kLocks:
      return kernel::lock_rank_any_held() ? "1" : "0";
    case Question::kLogNext:
      return std::to_string(kernel::printk_next_sequence());
    case Question::kLog:
      return log_text(asked.number);
  }
  return {};
}

// The address is in the abstract namespace, named by the kernel process.
sockaddr_un address_of(pid_t kernel_process) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = fmt::format("ums-test-{}", kernel_process);
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

class Window final : public kernel::EventSource {
 public:
  Window() : EventSource(Kind::kAsks), socket_(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    const sockaddr_un address = address_of(getpid());
    if (bind(socket_, generic(address), sizeof address) != 0 || listen(socket_, 100) != 0 ||
        !kernel::watch_events(socket_, EPOLLIN, *this)) {
      std::perror("the window into the kernel process");
      std::abort();
    }
  }

  void on_event(std::uint32_t /*events*/) noexcept override {
    const auto peer = static_cast<int>(TEMP_FAILURE_RETRY(accept(socket_, nullptr, nullptr)));
    Asked asked{};
    if (TEMP_FAILURE_RETRY(recv(peer, &asked, sizeof asked, 0)) == sizeof asked) {
      const std::string text = answer_to(asked);
      TEMP_FAILURE_RETRY(send(peer, text.data(), text.size(), MSG_NOSIGNAL));
    }
    close(peer);
  }

 private:
  const int socket_;
};

// ---- in the process of the tests

pid_t kernel_process = 0;

std::string ask(Question question, std::uint64_t number = 0) {
  const int peer = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(kernel_process);
  const Asked asked{question, number};
  std::array<char, 16384> text;
  ssize_t count = -1;
  if (connect(peer, generic(address), sizeof address) == 0 &&
      send(peer, &asked, sizeof asked, MSG_NOSIGNAL) == sizeof asked) {
    count = recv(peer, text.data(), text.size(), 0);
  }
  close(peer);
  if (count < 0) ADD_FAILURE() << "the kernel process does not answer: " << std::strerror(errno);
  return count > 0 ? std::string(text.data(), static_cast<std::size_t>(count)) : std::string();
}

}  // namespace

void open_kernel_window() {
  kernel_process = getpid();
  static Window window;
}

void use_kernel_window(pid_t process) { kernel_process = process; }

bool kernel_is_embedded() { return false; }
bool force_pipe_copies(bool /*forced*/) { return false; }

TaskLook look_at_task(pid_t tid) {
  std::istringstream text(ask(Question::kTask, static_cast<std::uint64_t>(tid)));
  int state = 0;
  TaskLook look;
  look.found = bool(text >> tid >> state);
  look.state = static_cast<kernel::TaskState>(state);
  look.off_cpu = true;
  return look;
}

LiveObjects live_objects() {
  std::istringstream text(ask(Question::kObjects));
  LiveObjects live;
  std::string name;
  std::size_t count = 0;
  while (text >> name >> count) live[name] = count;
  return live;
}

unsigned misuse_count() { return static_cast<unsigned>(std::stoul(ask(Question::kMisuses))); }

std::uint64_t log_next() { return std::stoull(ask(Question::kLogNext)); }

std::vector<std::string> log_since(std::uint64_t number) {
  std::istringstream text(ask(Question::kLog, number));
  std::vector<std::string> texts;
  for (std::string line; std::getline(text, line);) texts.push_back(line);
  return texts;
}

bool any_lock_held() { return ask(Question::kLocks) == "1"; }

void print_tasks() {
  std::istringstream text(ask(Question::kTasks));
  pid_t tid = 0;
  int state = 0;
  while (text >> tid >> state) {
    fmt::print(stderr, "  task {} is {}\n", tid,
               kernel::task_state_name(static_cast<kernel::TaskState>(state)));
  }
}

}  // namespace ums::test
