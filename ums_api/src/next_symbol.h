// SPDX-License-Identifier: Apache-2.0
//
// NextSymbol: the C library's own definition of a function that this library defines too.
//
//     constinit NextSymbol<int(uid_t)> next_setuid{"setuid"};
//     UMS_EXPORT int setuid(uid_t uid) { return ... next_setuid(uid); }
//
// Each is looked up when the library is loaded (resolve; see interpose.h), so that the dynamic
// linker is not entered where a program does not expect it; a call before that looks it up itself.
// Works in dynamically linked programs, whichever of the two libraries they link. Where the dynamic
// linker has this library behind the C library (a program that is not linked with it uses a library
// that is), nothing is next: the symbol is then the one that the program itself uses.
//
// Thread safety: any thread.
#pragma once

#include <dlfcn.h>

#include <atomic>
#include <utility>

#include "sim_kernel/base/kassert.h"

namespace ums::api {

template <typename Signature>
class NextSymbol;

template <typename Return, typename... Args>
class NextSymbol<Return(Args...)> {
 public:
  explicit constexpr NextSymbol(const char* name) noexcept : name_(name) {}

  void resolve() noexcept { static_cast<void>(get()); }
  // Not noexcept: what unwinds through the C library's function unwinds through here.
  Return operator()(Args... args) { return get()(args...); }

 private:
  using Function = Return (*)(Args...);

  Function get() noexcept {
    Function function = function_.load(std::memory_order_relaxed);  // always the same value
    if (function != nullptr) return function;
    void* symbol = dlsym(RTLD_NEXT, name_);
    if (symbol == nullptr) symbol = dlsym(RTLD_DEFAULT, name_);
    function = reinterpret_cast<Function>(symbol);
    kassert(function != nullptr, "the C library has no {}", name_);
    function_.store(function, std::memory_order_relaxed);
    return function;
  }

  const char* const name_;
  std::atomic<Function> function_{nullptr};
};

}  // namespace ums::api
