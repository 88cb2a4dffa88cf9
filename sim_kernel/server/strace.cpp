// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/strace.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "sim_kernel/base/output_file.h"
#include "sim_kernel/server/clients/client_memory.h"
#include "sim_kernel/ums/ioctl.h"
#include "ums/ums_ioctl.h"

namespace ums::kernel {

bool strace_on = false;

namespace {

constinit OutputFile output;

// A text that grows at its end, up to the longest that there is.
class Line {
 public:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) noexcept {
    const std::size_t room = sizeof text_ - length_;
    const auto end = fmt::format_to_n(text_ + length_, room, format, static_cast<Args&&>(args)...);
    length_ += end.size < room ? end.size : room;
  }
  std::string_view view() const noexcept { return {text_, length_}; }
  void clear() noexcept { length_ = 0; }
  bool is_empty() const noexcept { return length_ == 0; }

 private:
  std::size_t length_ = 0;
  char text_[512] = {};
};

// The call that has come last, up to its arguments; empty once it stands in the record.
Line begun;

// ---- words

struct Name {
  int value;
  const char* name;
};

// `flags` as the names of its bits, and what is left as a number.
void add_flags(Line& line, int flags, const Name* names, std::size_t count) noexcept {
  const char* between = "";
  for (std::size_t i = 0; i < count; ++i) {
    if ((flags & names[i].value) == 0) continue;
    line.add("{}{}", between, names[i].name);
    between = "|";
    flags &= ~names[i].value;
  }
  if (flags != 0 || *between == '\0') line.add("{}{:#x}", between, static_cast<unsigned>(flags));
}

constexpr Name kEnterFlags[] = {{ENTER_UMS_SCHED, "ENTER_UMS_SCHED"},
                                {ENTER_UMS_WORK, "ENTER_UMS_WORK"}};
constexpr Name kOpenFlags[] = {{O_CLOEXEC, "O_CLOEXEC"}, {O_NONBLOCK, "O_NONBLOCK"},
                               {O_CREAT, "O_CREAT"},     {O_TRUNC, "O_TRUNC"},
                               {O_APPEND, "O_APPEND"},   {O_NOCTTY, "O_NOCTTY"}};
// Linux has it in every open of a 64-bit program; <fcntl.h> calls it 0.
#if defined(__x86_64__)
constexpr int kLargeFile = 0100000;
#else
constexpr int kLargeFile = 0400000;
#endif
constexpr const char* kAccessModes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
constexpr const char* kRequests[] = {"ioctl",
                                     "IOCTL_CREATE_UMS_CLIST",
                                     "IOCTL_ENTER_UMS",
                                     "IOCTL_UMS_SCHED_DQEVENT",
                                     "IOCTL_DEQUEUE_UMS_CLIST",
                                     "IOCTL_NEXT_UMS_CTX_LIST",
                                     "IOCTL_EXEC_UMS_CTX",
                                     "IOCTL_UMS_YIELD",
                                     "IOCTL_EXIT_UMS",
                                     "IOCTL_DELETE_UMS_CLIST"};

const char* name_of(std::uint32_t number) noexcept {
  return kRequests[is_ums_ioctl(number) ? _IOC_NR(number) : 0];
}

void add_result(Line& line, int error) noexcept {
  if (error == 0) return line.add(" = 0\n");
  const char* const name = strerrorname_np(error);
  if (error == kEnotsupp) return line.add(" = -1 ENOTSUPP (errno 524)\n");
  line.add(" = -1 {} ({})\n", name != nullptr ? name : "?", strerrordesc_np(error));
}

// ---- what a call is given

// The object that `address` points to, by `add_object`; or the address, if it cannot be read.
template <typename T, typename AddObject>
void add_read(Line& line, pid_t tid, unsigned long address, AddObject add_object) noexcept {
  T object;
  if (read_client(tid, &object, address, sizeof object)) return add_object(object);
  line.add("{:#x}", address);
}

void add_given(Line& line, pid_t tid, const Request& request) noexcept {
  const unsigned long argument = request.argument;
  switch (request.number) {
    case IOCTL_ENTER_UMS:
      return add_read<enter_ums_mode_args>(line, tid, argument, [&](const auto& args) {
        line.add("{{flags=");
        add_flags(line, args.flags, kEnterFlags, std::size(kEnterFlags));
        line.add(", ums_complist={}}}", args.ums_complist);
      });
    case IOCTL_DEQUEUE_UMS_CLIST:
      return add_read<dequeue_ums_complist_args>(line, tid, argument, [&](const auto& args) {
        line.add("{{ums_complist={}}}", args.ums_complist);
      });
    case IOCTL_NEXT_UMS_CTX_LIST:
      return add_read<ums_next_context_list_args>(line, tid, argument, [&](const auto& args) {
        line.add("{{ums_context={}}}", args.ums_context);
      });
    case IOCTL_EXEC_UMS_CTX:
    case IOCTL_DELETE_UMS_CLIST:
      return line.add("{}", static_cast<int>(argument));
    case IOCTL_UMS_YIELD:
      return line.add("{:#x}", argument);
    case IOCTL_CREATE_UMS_CLIST:
    case IOCTL_UMS_SCHED_DQEVENT:
    case IOCTL_EXIT_UMS:
      return;
    default:
      line.add("{:#x}, {:#x}", request.number, argument);
  }
}

// ---- what a call has stored

// The object that the kernel has stored last; null if it has stored no such one.
template <typename T>
const T* stored(const Task& task, T& object) noexcept {
  const CopiedOut& copied = task.machine.copied_out;
  static_assert(std::is_trivially_copyable_v<T> && sizeof object <= sizeof copied.data);
  if (copied.bytes != sizeof object) return nullptr;
  std::memcpy(&object, copied.data, sizeof object);
  return &object;
}

void add_event(Line& line, const ums_sched_event& event) noexcept {
  switch (event.type) {
    case SCHEDULER_STARTUP:
      return line.add("{{type=SCHEDULER_STARTUP}}");
    case THREAD_YIELD:
      return line.add("{{type=THREAD_YIELD, yield_params={{context={}, scheduler_params={:#x}}}}}",
                      event.yield_params.context,
                      reinterpret_cast<unsigned long>(event.yield_params.scheduler_params));
    case THREAD_TERMINATED:
      return line.add("{{type=THREAD_TERMINATED, end_params={{context={}}}}}",
                      event.end_params.context);
  }
}

void add_stored(Line& line, const Task& task, const Request& request) noexcept {
  int list = 0;
  ums_sched_event event;
  dequeue_ums_complist_args batch;
  ums_next_context_list_args next;
  if (request.number == IOCTL_CREATE_UMS_CLIST && stored(task, list) != nullptr) {
    line.add("[{}]", list);
  } else if (request.number == IOCTL_UMS_SCHED_DQEVENT && stored(task, event) != nullptr) {
    add_event(line, event);
  } else if (request.number == IOCTL_DEQUEUE_UMS_CLIST && stored(task, batch) != nullptr) {
    line.add(" => {{ums_context={}}}", batch.ums_context);
  } else if (request.number == IOCTL_NEXT_UMS_CTX_LIST && stored(task, next) != nullptr) {
    line.add(" => {{ums_next_context={}}}", next.ums_next_context);
  }
}

// A pointer that is for results alone is shown where there are none.
void add_unused(Line& line, const Request& request) noexcept {
  if (request.number == IOCTL_CREATE_UMS_CLIST || request.number == IOCTL_UMS_SCHED_DQEVENT) {
    line.add("{:#x}", request.argument);
  }
}

}  // namespace

int strace_start(const char* path) noexcept {
  const int error = path != nullptr ? output.open(path) : (output.open_stderr(), 0);
  strace_on = error == 0;
  return error;
}

void strace_call(const Task& task, const Request& request) noexcept {
  begun.clear();
  begun.add("[{}] {}(", task.tid, name_of(request.number));
  add_given(begun, task.tid, request);
}

void strace_suspended(const Task& /*task*/) noexcept {
  begun.add("{}<suspended ...>\n", begun.view().ends_with('(') ? "" : " ");
  output.write(begun.view());
  begun.clear();
}

void strace_answer(const Task& task, const Request& request, int error, bool accepted) noexcept {
  Line line;
  if (begun.is_empty()) {
    line.add("[{}] <... {} resumed>", task.tid, name_of(request.number));
  } else {
    line.add("{}", begun.view());
    begun.clear();
  }
  if (error == 0) {
    add_stored(line, task, request);
  } else {
    add_unused(line, request);
  }
  line.add(")");
  if (accepted) {
    add_result(line, error);
  } else {
    line.add(" = ?\n");
  }
  output.write(line.view());
}

void strace_open(const Task& task, int flags, Result<int> opened) noexcept {
  Line line;
  line.add("[{}] openat(\"/dev/ums\", {}", task.tid, kAccessModes[flags & O_ACCMODE]);
  if (const int rest = flags & ~(O_ACCMODE | kLargeFile); rest != 0) {
    line.add("|");
    add_flags(line, rest, kOpenFlags, std::size(kOpenFlags));
  }
  line.add(")");
  if (opened.ok()) {
    line.add(" = {}\n", opened.value());
  } else {
    add_result(line, opened.error_code());
  }
  output.write(line.view());
}

}  // namespace ums::kernel
