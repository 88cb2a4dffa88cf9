// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/strace.h"

#include "sim_kernel/base/output_file.h"
#include "sim_kernel/server/clients/client_memory.h"
#include "sim_kernel/trace/strace_text.h"

namespace ums::kernel {

bool strace_on = false;

namespace {

constinit OutputFile output;

// The call that has come last, up to its arguments; empty once it stands in the record.
StraceLine begun;

}  // namespace

int strace_start(const char* path) noexcept {
  const int error = path != nullptr ? output.open(path) : (output.open_stderr(), 0);
  strace_on = error == 0;
  return error;
}

void strace_call(const Task& task, const Request& request) noexcept {
  unsigned char object[kCallObjectBytesMax];
  const std::size_t bytes = strace_bytes_read(request.number);
  const bool is_read = bytes != 0 && read_client(task.tid, object, request.argument, bytes);
  begun.clear();
  strace_begin(begun, task.tid, request.number, request.argument, {object, is_read ? bytes : 0});
}

void strace_suspended(const Task& /*task*/) noexcept {
  strace_suspend(begun);
  output.write(begun.view());
  begun.clear();
}

void strace_answer(const Task& task, const Request& request, int error, bool accepted) noexcept {
  const CopiedOut& copied = task.machine.copied_out;
  StraceLine line = begun;
  begun.clear();
  if (line.is_empty()) strace_resume(line, task.tid, request.number);
  strace_end(line, request.number, request.argument, {copied.data, copied.bytes}, error, accepted);
  output.write(line.view());
}

void strace_opened(const Task& task, int flags, Result<int> opened) noexcept {
  StraceLine line;
  strace_open(line, task.tid, flags, opened);
  output.write(line.view());
}

}  // namespace ums::kernel
