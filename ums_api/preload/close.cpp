// SPDX-License-Identifier: Apache-2.0
//
// close, closefrom and close_range: of the device's descriptors too.
#include <linux/close_range.h>
#include <pthread.h>

#include <algorithm>

#include "ums_api/preload/preload.h"
#include "ums_api/src/device_calls.h"
#include "ums_api/src/next_symbol.h"
#include "ums_api/src/own_process.h"

UMS_PRELOAD(int, __close, int fd);
UMS_PRELOAD(void, closefrom, int first);

namespace {

using ums::api::is_foreign;
using ums::api::NextSymbol;

constinit NextSymbol<int(int)> next_close{"close"};
constinit NextSymbol<void(int)> next_closefrom{"closefrom"};
constinit NextSymbol<int(unsigned, unsigned, int)> next_close_range{"close_range"};

int close_one(int fd) {
  if (!is_foreign(fd)) {
    pthread_testcancel();  // as in the C library's
    if (const auto closed = ums::api::simulated_close(fd)) return *closed;
  }
  return next_close(fd);
}

// Closes what is the device's from `first` to below `end`. Linux closes the rest, and those too
// that could not be closed here.
void close_devices(int first, int end) {
  for (int fd = first; fd < end; ++fd) {
    if (is_foreign(fd)) continue;
    if (!ums::api::in_own_process()) return;
    static_cast<void>(ums::api::simulated_close(fd));
  }
}

}  // namespace

void ums::preload::resolve_close() noexcept {
  next_close.resolve();
  next_closefrom.resolve();
  next_close_range.resolve();
}

int ums_close(int fd) { return close_one(fd); }
int ums___close(int fd) { return close_one(fd); }

void ums_closefrom(int first) {
  close_devices(std::max(first, 0), ums::kernel::descriptors_end());
  next_closefrom(first);
}

// With a flag it closes nothing now, or it closes in a table of descriptors that is the calling
// thread's own, while the kernel has one for the process.
int ums_close_range(unsigned first, unsigned last, int flags) {
  if (flags == 0 && first <= last) {
    const auto end = static_cast<unsigned>(ums::kernel::descriptors_end());
    if (first < end) {
      close_devices(static_cast<int>(first), static_cast<int>(std::min(last, end - 1) + 1));
    }
  }
  return next_close_range(first, last, flags);
}
