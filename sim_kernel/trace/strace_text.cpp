// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/trace/strace_text.h"

#include <fcntl.h>

#include <cstring>
#include <optional>
#include <type_traits>

#include "sim_kernel/base/large_file.h"
#include "sim_kernel/ums/ioctl.h"
#include "ums/ums_ioctl.h"

namespace ums::kernel {

namespace {

// ---- words

struct Name {
  int value;
  const char* name;
};

// `flags` as the names of its bits, and what is left as a number.
void add_flags(StraceLine& line, int flags, const Name* names, std::size_t count) noexcept {
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
constexpr const char* kAccessModes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
// A request: its name, and how many bytes it reads and stores where its argument points to.
struct RequestWords {
  const char* name;
  std::size_t bytes_read;
  std::size_t bytes_stored;
};

// By number within the device; the first is for all that are not of the nine.
constexpr RequestWords kRequests[] = {
    {"ioctl", 0, 0},
    {"IOCTL_CREATE_UMS_CLIST", 0, sizeof(ums_comp_list_id_t)},
    {"IOCTL_ENTER_UMS", sizeof(enter_ums_mode_args), 0},
    {"IOCTL_UMS_SCHED_DQEVENT", 0, sizeof(ums_sched_event)},
    {"IOCTL_DEQUEUE_UMS_CLIST", sizeof(dequeue_ums_complist_args),
     sizeof(dequeue_ums_complist_args)},
    {"IOCTL_NEXT_UMS_CTX_LIST", sizeof(ums_next_context_list_args),
     sizeof(ums_next_context_list_args)},
    {"IOCTL_EXEC_UMS_CTX", 0, 0},
    {"IOCTL_UMS_YIELD", 0, 0},
    {"IOCTL_EXIT_UMS", 0, 0},
    {"IOCTL_DELETE_UMS_CLIST", 0, 0},
};

const RequestWords& words_of(std::uint32_t number) noexcept {
  return kRequests[is_ums_ioctl(number) ? _IOC_NR(number) : 0];
}

void add_result(StraceLine& line, int error) noexcept {
  if (error == 0) return line.add(" = 0\n");
  const char* const name = strerrorname_np(error);
  if (error == kEnotsupp) return line.add(" = -1 ENOTSUPP (errno 524)\n");
  line.add(" = -1 {} ({})\n", name != nullptr ? name : "?", strerrordesc_np(error));
}

// ---- what a call is given, and what it has stored

// The structure that `bytes` are; none if they could not be read.
template <typename T>
std::optional<T> object(ObjectBytes bytes) noexcept {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= kCallObjectBytesMax);
  if (bytes.size() != sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

void add_enter(StraceLine& line, const enter_ums_mode_args& args) noexcept {
  line.add("{{flags=");
  add_flags(line, args.flags, kEnterFlags, std::size(kEnterFlags));
  line.add(", ums_complist={}}}", args.ums_complist);
}

// The structure that is read. Returns false if it cannot be.
bool add_read(StraceLine& line, std::uint32_t request, ObjectBytes given) noexcept {
  if (request == IOCTL_ENTER_UMS) {
    const auto args = object<enter_ums_mode_args>(given);
    if (args) add_enter(line, *args);
    return args.has_value();
  }
  if (request == IOCTL_DEQUEUE_UMS_CLIST) {
    const auto args = object<dequeue_ums_complist_args>(given);
    if (args) line.add("{{ums_complist={}}}", args->ums_complist);
    return args.has_value();
  }
  const auto args = object<ums_next_context_list_args>(given);
  if (args) line.add("{{ums_context={}}}", args->ums_context);
  return args.has_value();
}

void add_event(StraceLine& line, const ums_sched_event& event) noexcept {
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

void add_stored(StraceLine& line, std::uint32_t request, ObjectBytes stored) noexcept {
  if (request == IOCTL_CREATE_UMS_CLIST) {
    if (const auto list = object<int>(stored)) line.add("[{}]", *list);
  } else if (request == IOCTL_UMS_SCHED_DQEVENT) {
    if (const auto event = object<ums_sched_event>(stored)) add_event(line, *event);
  } else if (request == IOCTL_DEQUEUE_UMS_CLIST) {
    const auto batch = object<dequeue_ums_complist_args>(stored);
    if (batch) line.add(" => {{ums_context={}}}", batch->ums_context);
  } else if (request == IOCTL_NEXT_UMS_CTX_LIST) {
    const auto next = object<ums_next_context_list_args>(stored);
    if (next) line.add(" => {{ums_next_context={}}}", next->ums_next_context);
  }
}

// A pointer that is for results alone is shown where there are none.
void add_unused(StraceLine& line, std::uint32_t request, unsigned long argument) noexcept {
  if (request == IOCTL_CREATE_UMS_CLIST || request == IOCTL_UMS_SCHED_DQEVENT) {
    line.add("{:#x}", argument);
  }
}

}  // namespace

std::size_t strace_bytes_read(std::uint32_t request) noexcept {
  return words_of(request).bytes_read;
}

std::size_t strace_bytes_stored(std::uint32_t request) noexcept {
  return words_of(request).bytes_stored;
}

void strace_begin(StraceLine& line, pid_t tid, std::uint32_t request, unsigned long argument,
                  ObjectBytes given) noexcept {
  line.add("[{}] {}(", tid, words_of(request).name);
  switch (request) {
    case IOCTL_ENTER_UMS:
    case IOCTL_DEQUEUE_UMS_CLIST:
    case IOCTL_NEXT_UMS_CTX_LIST:
      if (!add_read(line, request, given)) line.add("{:#x}", argument);
      return;
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
      line.add("{:#x}, {:#x}", request, argument);
  }
}

void strace_suspend(StraceLine& line) noexcept {
  line.add("{}<suspended ...>\n", line.view().ends_with('(') ? "" : " ");
}

void strace_resume(StraceLine& line, pid_t tid, std::uint32_t request) noexcept {
  line.add("[{}] <... {} resumed>", tid, words_of(request).name);
}

void strace_end(StraceLine& line, std::uint32_t request, unsigned long argument, ObjectBytes stored,
                int error, bool taken) noexcept {
  if (error == 0) {
    add_stored(line, request, stored);
  } else {
    add_unused(line, request, argument);
  }
  line.add(")");
  if (taken) {
    add_result(line, error);
  } else {
    line.add(" = ?\n");
  }
}

void strace_open(StraceLine& line, pid_t tid, int flags, Result<int> opened) noexcept {
  line.add("[{}] openat(\"/dev/ums\", {}", tid, kAccessModes[flags & O_ACCMODE]);
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
}

}  // namespace ums::kernel
