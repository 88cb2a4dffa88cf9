// SPDX-License-Identifier: Apache-2.0
#include "ums_api/program/call_stack.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unwind.h>

#include <cstdint>
#include <iterator>

#include "sim_kernel/parallel/kernel_section.h"

namespace ums::api {

namespace {

bool is_ours(const Dl_info& place) noexcept {
  static const int ours = 0;
  static Dl_info here{};
  if (here.dli_fbase == nullptr) dladdr(&ours, &here);
  return place.dli_fbase == here.dli_fbase;
}

}  // namespace

bool is_in_file(const void* address) noexcept {
  Dl_info place{};
  return dladdr(address, &place) != 0 && !is_ours(place);
}

void write_place(explore::ArenaString& text, const void* address) {
  Dl_info place{};
  dladdr(address, &place);
  const auto offset = static_cast<std::uintptr_t>(static_cast<const char*>(address) -
                                                  static_cast<const char*>(place.dli_fbase));
  fmt::format_to(std::back_inserter(text), "{:#x} {} {}\n", offset,
                 place.dli_sname == nullptr ? "-" : place.dli_sname, place.dli_fname);
}

// Where a signal has interrupted the program, its handler's frames are left out.
CallStack CallStack::here() noexcept {
  const kernel::KernelSection section;  // the unwinder calls pthread_once
  CallStack stack;
  const auto visit = [](_Unwind_Context* context, void* argument) {
    auto& its = *static_cast<CallStack*>(argument);
    if (its.depth_ == kFramesMax) return _URC_END_OF_STACK;
    int interrupted = 0;
    const std::uintptr_t pc = _Unwind_GetIPInfo(context, &interrupted);
    if (interrupted != 0) its.depth_ = 0;
    // A call returns behind itself, perhaps into the next line.
    const std::uintptr_t call = interrupted != 0 || pc == 0 ? pc : pc - 1;
    its.frames_[its.depth_++] = reinterpret_cast<const void*>(call);
    return _URC_NO_REASON;
  };
  _Unwind_Backtrace(visit, &stack);
  return stack;
}

void write_frames(explore::ArenaString& text, std::span<const void* const> frames) {
  for (const void* const frame : frames) {
    Dl_info place{};
    if (dladdr(frame, &place) == 0 || is_ours(place)) continue;
    text += "frame ";
    write_place(text, frame);
  }
}

}  // namespace ums::api
