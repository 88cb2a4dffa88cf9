// SPDX-License-Identifier: Apache-2.0
#include "ums_api/instrumented/other_runtime.h"

#include <dlfcn.h>
#include <unistd.h>

#include <string_view>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::api {

void refuse_other_runtime() noexcept {
  // A function of ThreadSanitizer's that we do not have.
  if (dlsym(RTLD_DEFAULT, "__tsan_get_current_fiber") == nullptr) return;
  // The C library's functions are the other's, which has not begun yet.
  constexpr std::string_view kWords =
      "ums: this program is linked with ThreadSanitizer, which wants to run its threads itself: "
      "the simulated machine cannot be loaded into it. Link it without -fsanitize=thread, and with "
      "-lums-instrumented\n";
  kernel::raw_syscall(SYS_write, STDERR_FILENO, kernel::syscall_arg(kWords.data()),
                      static_cast<long>(kWords.size()));
  kernel::raw_syscall(SYS_exit_group, 125);
}

namespace {

// Where the program's file has its functions, ours are not called before this.
__attribute__((constructor(101))) void look_around() noexcept { refuse_other_runtime(); }

}  // namespace

}  // namespace ums::api
