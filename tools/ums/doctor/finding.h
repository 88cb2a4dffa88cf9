// SPDX-License-Identifier: Apache-2.0
//
// Finding: what one check of the host has found out, in words that a person can use.
//
//     return ok("user notifications are answered");
//     return fails("seccomp: Operation not permitted", "allow seccomp(2) in the container");
//
// Thread safety: that of its strings.
#pragma once

#include <string>
#include <utility>

namespace ums::command {

struct Finding {
  enum Verdict {
    kOk,       // works
    kLimited,  // `ums run` works, but something is slower or missing; `found` says what
    kFails,    // `ums run` does not work in its default mode
  };

  Verdict verdict = kOk;
  std::string found;   // what was tried, and how it went
  std::string remedy;  // what to do about it; empty: nothing
};

inline Finding ok(std::string found) { return {Finding::kOk, std::move(found), {}}; }

inline Finding limited(std::string found, std::string remedy) {
  return {Finding::kLimited, std::move(found), std::move(remedy)};
}

inline Finding fails(std::string found, std::string remedy) {
  return {Finding::kFails, std::move(found), std::move(remedy)};
}

}  // namespace ums::command
