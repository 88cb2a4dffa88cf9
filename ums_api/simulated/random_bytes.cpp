// SPDX-License-Identifier: Apache-2.0
//
// getrandom and its kin in a simulation: the same bytes in each execution.
// LIMIT: what the dynamic linker gives a program (AT_RANDOM), processors' instructions, and
// /dev/urandom differ from run to run.
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sim_kernel/simulated/random_bytes.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;

constinit NextSymbol<ssize_t(void*, size_t, unsigned)> next_getrandom{"getrandom"};
constinit NextSymbol<int(void*, size_t)> next_getentropy{"getentropy"};
constinit NextSymbol<std::uint32_t()> next_arc4random{"arc4random"};
constinit NextSymbol<void(void*, size_t)> next_arc4random_buf{"arc4random_buf"};
constinit NextSymbol<std::uint32_t(std::uint32_t)> next_arc4random_uniform{"arc4random_uniform"};

void fill(void* bytes, size_t count) noexcept {
  for (size_t done = 0; done < count;) {
    const std::uint64_t number = ums::kernel::random_number();
    const size_t part = std::min(sizeof number, count - done);
    std::memcpy(static_cast<char*>(bytes) + done, &number, part);
    done += part;
  }
}

}  // namespace

UMS_EXPORT ssize_t getrandom(void* bytes, size_t count, unsigned flags) {
  constexpr unsigned kKnown = GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE;
  const bool is_ours = current_simulated() != nullptr && (flags & ~kKnown) == 0;
  if (!is_ours) return next_getrandom(bytes, count, flags);
  fill(bytes, count);
  return static_cast<ssize_t>(count);
}

UMS_EXPORT int getentropy(void* bytes, size_t count) {
  constexpr size_t kMost = 256;
  if (current_simulated() == nullptr || count > kMost) return next_getentropy(bytes, count);
  fill(bytes, count);
  return 0;
}

UMS_EXPORT std::uint32_t arc4random() noexcept {
  if (current_simulated() == nullptr) return next_arc4random();
  return static_cast<std::uint32_t>(ums::kernel::random_number());
}

UMS_EXPORT void arc4random_buf(void* bytes, size_t count) noexcept {
  if (current_simulated() == nullptr) return next_arc4random_buf(bytes, count);
  fill(bytes, count);
}

UMS_EXPORT std::uint32_t arc4random_uniform(std::uint32_t bound) noexcept {
  if (current_simulated() == nullptr) return next_arc4random_uniform(bound);
  return bound == 0 ? 0 : static_cast<std::uint32_t>(ums::kernel::random_number() % bound);
}
