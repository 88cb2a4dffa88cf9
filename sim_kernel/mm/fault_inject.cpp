// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/mm/fault_inject.h"

#include "sim_kernel/base/printk.h"
#include "sim_kernel/base/thread_stack.h"

namespace ums::kernel {

std::atomic<bool> fault_inject_armed{false};

namespace {

// The armed thread's stack, and how many sites it still has to pass. Other threads look at these
// while they change; what they see then cannot contain their own stack.
constinit std::atomic<unsigned long> stack_low{0};
constinit std::atomic<unsigned long> stack_high{0};
constinit std::atomic<unsigned> sites_left{0};
constinit std::atomic<bool> fired{false};
constinit std::atomic<unsigned> failures{0};

// Whether the caller runs on the armed thread's own stack.
bool on_armed_stack(unsigned long address) noexcept {
  return address >= stack_low.load(std::memory_order_relaxed) &&
         address < stack_high.load(std::memory_order_relaxed);
}

}  // namespace

void fault_inject_fail_nth(unsigned n) noexcept {
  const ThreadStack stack = thread_stack();
  stack_low.store(stack.low, std::memory_order_relaxed);
  stack_high.store(stack.high, std::memory_order_relaxed);
  sites_left.store(n, std::memory_order_relaxed);
  fired.store(false, std::memory_order_relaxed);
  fault_inject_armed.store(n > 0, std::memory_order_relaxed);
}

bool fault_inject_disarm() noexcept {
  fault_inject_armed.store(false, std::memory_order_relaxed);
  stack_high.store(0, std::memory_order_relaxed);
  return fired.exchange(false, std::memory_order_relaxed);
}

unsigned fault_inject_failures() noexcept { return failures.load(std::memory_order_relaxed); }

bool fault_inject_should_fail_slow(const char* site) noexcept {
  if (!on_armed_stack(reinterpret_cast<unsigned long>(__builtin_frame_address(0)))) return false;
  const unsigned left = sites_left.load(std::memory_order_relaxed);
  if (left == 0) return false;
  sites_left.store(left - 1, std::memory_order_relaxed);
  if (left > 1) return false;
  fired.store(true, std::memory_order_relaxed);
  failures.fetch_add(1, std::memory_order_relaxed);
  // Linux prints its knobs; with fail-nth they are at their defaults.
  pr_info(
      "FAULT_INJECTION: forcing a failure.\n"
      "name failslab, interval 1, probability 0, space 0, times 0\n"
      "allocation of {}",
      site);
  return true;
}

}  // namespace ums::kernel
