// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/strace.h"

#include <cstdlib>
#include <cstring>

#include "sim_kernel/base/output_file.h"
#include "sim_kernel/base/printk.h"
#include "sim_kernel/base/switched_on.h"
#include "sim_kernel/dev/char_device.h"
#include "sim_kernel/mm/user_copy.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/trace/strace_text.h"
#include "sim_kernel/trace/trace.h"

namespace ums::kernel {

bool strace_on = false;

namespace {

constinit OutputFile output;
constinit FileOperations recorded{};  // the device's own
constinit FileOperations recording{};

ObjectBytes read_object(unsigned char* to, IoctlArg arg, std::size_t bytes) noexcept {
  if (bytes == 0) return {};
  const UserPtr<const void> from(arg.value, arg.frame);
  return {to, copy_from_user(to, from, bytes) == 0 ? bytes : 0};
}

// The call that `line` begins is in no line yet.
void begin(StraceLine& line, Task& me, std::uint32_t request, IoctlArg arg) noexcept {
  unsigned char object[kCallObjectBytesMax];
  const ObjectBytes given = read_object(object, arg, strace_bytes_read(request));
  strace_begin(line, me.tid, request, arg.value, given);
  me.machine.begun = &line;
}

void end(StraceLine& line, Task& me, std::uint32_t request, IoctlArg arg, int error) noexcept {
  me.machine.begun = nullptr;
  unsigned char object[kCallObjectBytesMax];
  const std::size_t bytes = error == 0 ? strace_bytes_stored(request) : 0;
  if (line.is_empty()) strace_resume(line, me.tid, request);
  strace_end(line, request, arg.value, read_object(object, arg, bytes), error);
  output.write(line.view());
}

// A thread that ends in its call, or leaves it by a handler's siglongjmp, does not come back; its
// next call begins another line.
Result<void> record_ioctl(File& file, Task& me, std::uint32_t request, IoctlArg arg) {
  StraceLine line;
  begin(line, me, request, arg);
  const Result<void> result = recorded.ioctl(file, me, request, arg);
  end(line, me, request, arg, result.error_code());
  return result;
}

bool suspends(TraceEvent event) noexcept {
  return event == TraceEvent::kWorkerEnter || event == TraceEvent::kYield ||
         event == TraceEvent::kExec || event == TraceEvent::kBlockList ||
         event == TraceEvent::kBlockEvent;
}

void on_event(const TraceRecord& record) noexcept {
  StraceLine* const line = suspends(record.event) ? current_or_null->machine.begun : nullptr;
  if (line == nullptr || line->is_empty()) return;
  strace_suspend(*line);
  output.write(line->view());
  line->clear();
}

int open_output(const char* value) noexcept {
  if (std::strcmp(value, "1") != 0) return output.open(value);
  output.open_stderr();
  return 0;
}

}  // namespace

void strace_init() noexcept {
  const char* const value = secure_getenv("UMS_STRACE");
  const FileOperations* const device = find_char_device("/dev/ums");
  if (!switched_on(value) || device == nullptr) return;
  if (const int error = open_output(value); error != 0) {
    pr_err("cannot write UMS_STRACE={:.{}}: {}", value, kShownPathBytes, strerrordesc_np(error));
    return;
  }
  recorded = *device;
  recording = recorded;
  recording.ioctl = record_ioctl;
  trace_listen(on_event);
  strace_on = true;
}

const FileOperations& strace_operations(const FileOperations& driver) noexcept {
  return strace_on ? recording : driver;
}

void strace_opened(const Task& task, int flags, Result<int> opened) noexcept {
  if (!strace_on) return;
  StraceLine line;
  strace_open(line, task.tid, flags, opened);
  output.write(line.view());
}

}  // namespace ums::kernel
