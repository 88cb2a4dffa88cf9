// SPDX-License-Identifier: Apache-2.0
//
// What the kernel log says of a refused call of a signal handler. That it is refused, wherever it
// interrupts the kernel, is in system/signals_test.cpp.
#include "sim_kernel/parallel/system_call.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/debug/misuse.h"
#include "sim_kernel/parallel/device_call.h"
#include "sim_kernel/parallel/kernel_section.h"

namespace {

using namespace ums::kernel;
using testing::ExitedWithCode;

volatile std::sig_atomic_t handler_error = 0;

// Has a handler open the device `times` times, while its thread is in the kernel, and exits with
// the error of the last; with 255 if that is taken for a misuse, which UMS_STRICT would abort at.
// Each process counts the warnings anew.
[[noreturn]] void call_in_handler(unsigned times) {
  std::signal(SIGUSR1, [](int) {
    handler_error = device_open("/dev/ums", O_RDONLY, OpenFor::kProgram).error_code();
  });
  const KernelSection section(current_task());
  for (unsigned i = 0; i < times; ++i) raise(SIGUSR1);
  _exit(misuse_count() == 0 ? handler_error : 255);
}

constexpr char kWarning[] =
    "ums: a call of a signal handler that interrupted a call of thread [0-9]+ fails with EBUSY, "
    "where the real module would serve it: let the handler try again later";

TEST(SystemCallDeathTest, ARefusedCallOfAHandlerIsWarnedOf) {
  EXPECT_EXIT(call_in_handler(1), ExitedWithCode(EBUSY), std::string("^") + kWarning + "\n$");
}

TEST(SystemCallDeathTest, ManyAreWarnedOfAFewTimes) {
  std::string warnings = "^";
  for (unsigned i = 1; i < kNestedCallReportsMax; ++i) warnings += std::string(kWarning) + "\n";
  warnings += std::string(kWarning) + " \\(not reported any more\\)\n$";
  EXPECT_EXIT(call_in_handler(kNestedCallReportsMax + 5), ExitedWithCode(EBUSY), warnings);
}

}  // namespace
