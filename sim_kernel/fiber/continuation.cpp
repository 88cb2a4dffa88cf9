// SPDX-License-Identifier: Apache-2.0
#define UMS_CONTINUATION_SOURCE
#include "sim_kernel/fiber/continuation.h"

#include <boost/context/preallocated.hpp>

namespace ums::kernel {

namespace {

// The stack that a fiber is given belongs to its Cpu and outlives the fiber.
struct BorrowedStack {
  using traits_type = boost::context::stack_traits;
  void deallocate(boost::context::stack_context&) noexcept {}
};

}  // namespace

Continuation Continuation::on_stack(void* base, std::size_t bytes, Entry entry,
                                    void* argument) noexcept {
  boost::context::stack_context stack;
  stack.sp = static_cast<char*>(base) + bytes;
  stack.size = bytes;
  boost::context::fiber fiber(
      std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack),
      BorrowedStack{}, [entry, argument](boost::context::fiber&& from) {
        Continuation caller;
        std::memcpy(&caller.fiber_, static_cast<void*>(&from), sizeof caller.fiber_);
        new (&from) boost::context::fiber();
        entry(std::move(caller), argument);
        return boost::context::fiber();
      });
  Continuation result;
  std::memcpy(&result.fiber_, static_cast<void*>(&fiber), sizeof result.fiber_);
  new (&fiber) boost::context::fiber();
  return result;
}

}  // namespace ums::kernel
