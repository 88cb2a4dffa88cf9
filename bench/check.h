// SPDX-License-Identifier: Apache-2.0
//
// check: a benchmark whose calls fail measures nothing, so the first failed call ends its process,
// which is a child (child.h) and becomes a failed sample.
//
//     check(execute_ums_thread(next) == 0, "execute_ums_thread");
//
// Thread safety: usable anywhere.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ums::bench {

[[noreturn, gnu::cold, gnu::noinline]] inline void check_failed(const char* what) {
  std::fprintf(stderr, "ums-bench: %s failed: %s\n", what, std::strerror(errno));
  std::abort();
}

inline void check(bool succeeded, const char* what) {
  if (!succeeded) [[unlikely]] {
    check_failed(what);
  }
}

}  // namespace ums::bench
