// SPDX-License-Identifier: Apache-2.0
#define UMS_CONTINUATION_SOURCE
#include "sim_kernel/fiber/continuation.h"

namespace ums::kernel {

// As boost::context::fiber starts one, without its record of 256 bytes at the top of the stack,
// which says how to free the stack: these are never freed from within.
Continuation Continuation::on_stack(void* base, std::size_t bytes, Entry entry,
                                    void* argument) noexcept {
  using namespace boost::context::detail;
  struct Start {
    Entry entry;
    void* argument;
  };
  // The first frame on the new stack takes what it shall run, and goes back until it is resumed.
  const auto run = [](transfer_t from) {
    const Start start = *static_cast<const Start*>(from.data);
    Continuation caller;
    caller.context_ = jump_fcontext(from.fctx, nullptr).fctx;
    start.entry(std::move(caller), start.argument);
  };
  Start start{entry, argument};
  const fcontext_t fresh = make_fcontext(static_cast<char*>(base) + bytes, bytes, run);
  Continuation result;
  result.context_ = jump_fcontext(fresh, &start).fctx;
  return result;
}

}  // namespace ums::kernel
