// SPDX-License-Identifier: Apache-2.0
//
// Shared<T>: a variable that several threads of a simulation use without a lock. Before each access
// others may go on, as they may in a program that a compiler has instrumented.
//
//     Shared<int> a;
//     a = a + 1;          // two steps: a read, and a write
//
// Thread safety: the simulation.
#pragma once

#include "sim_kernel/simulated/simulation.h"
#include "ums_api/simulated/current_simulated.h"

namespace ums::test {

// The site is where it was called from: each access is one of its own, as it is inlined there.
[[gnu::noinline]] inline void before_access(kernel::EventKind kind, const void* variable) {
  kernel::Task* const me = api::current_simulated();
  const auto site = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  if (me != nullptr) kernel::sched_point(*me, kind, variable, site);
}

template <typename T>
class Shared {
 public:
  Shared() = default;
  explicit Shared(T value) : value_(value) {}
  Shared(const Shared&) = delete;
  [[gnu::always_inline]] Shared& operator=(const Shared& other) {
    store(other.load());
    return *this;
  }

  [[gnu::always_inline]] T load() const {
    before_access(kernel::EventKind::kRead, this);
    return value_;
  }
  [[gnu::always_inline]] void store(T value) {
    before_access(kernel::EventKind::kWrite, this);
    value_ = value;
  }

  [[gnu::always_inline]] operator T() const { return load(); }
  [[gnu::always_inline]] Shared& operator=(T value) {
    store(value);
    return *this;
  }

 private:
  T value_{};
};

}  // namespace ums::test
