// SPDX-License-Identifier: Apache-2.0
//
// Misuse: what a program does wrong and gets away with here, but would not on the real module.
//
//     constinit Misuse delete_twice{"drops somebody else's reference: use after free later",
//                                   "delete a list once"};
//     report_misuse(delete_twice, "DELETE of list {}: it was deleted before", id);
//
// prints, on the kernel log at warning level and so on standard error:
//
//     ums: misuse: DELETE of list 3: it was deleted before
//     ums:   the real module: drops somebody else's reference: use after free later
//     ums:   instead: delete a list once
//
// The call then fails with the errno that the specification gives, and nothing is changed or lost.
// With UMS_STRICT=1 in the environment (or any value but 0) the first report aborts the program
// (SIGABRT, so that a debugger or a core file shows the call), for those who will load the real
// module.
//
// Invariants:
// 1. Each kind is printed kMisuseReportsMax times, the last time saying so, and counted always.
// 2. Reporting changes nothing that a program sees: it allocates nothing, leaves errno alone and
//    takes no lock.
//
// Thread safety: any thread and any signal handler, one that interrupted a report too; never on a
// park stack.
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <string_view>

namespace ums::kernel {

// One kind of misuse: a static object beside the check that finds it.
class Misuse {
 public:
  // Both texts complete a line: "the real module: ..." and "instead: ...".
  constexpr Misuse(const char* original, const char* remedy) noexcept
      : original_(original), remedy_(remedy) {}
  Misuse(const Misuse&) = delete;
  Misuse& operator=(const Misuse&) = delete;

  const char* original() const noexcept { return original_; }
  const char* remedy() const noexcept { return remedy_; }

  // How often this kind was reported.
  unsigned count() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  friend void report_misuse_text(Misuse& kind, std::string_view what) noexcept;

  const char* const original_;
  const char* const remedy_;
  std::atomic<unsigned> count_{0};
};

// Reads UMS_STRICT. Called by start_kernel; tests call it again after they changed the environment.
void misuse_init() noexcept;

// Reports `what` the program did: it names the call and the ids.
void report_misuse_text(Misuse& kind, std::string_view what) noexcept;

template <typename... Args>
[[gnu::cold, gnu::noinline]] void report_misuse(Misuse& kind, fmt::format_string<Args...> what,
                                                Args&&... args) noexcept {
  char text[160];
  const auto end = fmt::format_to_n(text, sizeof text, what, static_cast<Args&&>(args)...);
  report_misuse_text(kind, std::string_view(text, end.size < sizeof text ? end.size : sizeof text));
}

// Hears of each report, in the place of who did it, if it is not null: for who ends a run by the
// first. Set before there are other threads in the kernel.
extern void (*on_misuse)(const Misuse& kind, std::string_view what) noexcept
    __attribute__((visibility("hidden")));

// How many reports there were, of all kinds, printed or not.
unsigned misuse_count() noexcept;

}  // namespace ums::kernel
