// SPDX-License-Identifier: Apache-2.0
#include "ums_api/program/call_stack.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unwind.h>

#include <cstdint>
#include <iterator>

namespace ums::api {

namespace {

// A call returns behind itself, perhaps into the next line.
const void* address_of(_Unwind_Context* context) noexcept {
  int is_before = 0;
  const std::uintptr_t pc = _Unwind_GetIPInfo(context, &is_before);
  return reinterpret_cast<const void*>(pc - (is_before != 0 || pc == 0 ? 0 : 1));
}

bool is_ours(const Dl_info& place) noexcept {
  static const int ours = 0;
  static Dl_info here{};
  if (here.dli_fbase == nullptr) dladdr(&ours, &here);
  return place.dli_fbase == here.dli_fbase;
}

}  // namespace

CallStack CallStack::here() noexcept {
  CallStack stack;
  const auto visit = [](_Unwind_Context* context, void* argument) {
    auto& its = *static_cast<CallStack*>(argument);
    if (its.depth_ == kFramesMax) return _URC_END_OF_STACK;
    its.frames_[its.depth_] = address_of(context);
    if (its.frames_[its.depth_] != nullptr) ++its.depth_;
    return _URC_NO_REASON;
  };
  _Unwind_Backtrace(visit, &stack);
  return stack;
}

void CallStack::write(explore::ArenaString& text) const {
  for (std::size_t i = 0; i < depth_; ++i) {
    Dl_info place{};
    if (dladdr(frames_[i], &place) == 0 || is_ours(place)) continue;
    const auto offset = static_cast<std::uintptr_t>(static_cast<const char*>(frames_[i]) -
                                                    static_cast<const char*>(place.dli_fbase));
    fmt::format_to(std::back_inserter(text), "frame {} {:#x} {}\n", place.dli_fname, offset,
                   place.dli_sname == nullptr ? "-" : place.dli_sname);
  }
}

}  // namespace ums::api
