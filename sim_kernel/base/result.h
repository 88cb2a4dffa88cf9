// SPDX-License-Identifier: Apache-2.0
//
// Result<T>: a value, or the errno that says why there is none (Linux: ERR_PTR, `return -EINVAL`).
//
// Inside the kernel every function that can fail returns a Result; `-errno` appears only at the
// ioctl and C boundary. TRY unwraps one, or returns its error from the calling function:
//
//     Result<int> id = ids.alloc(list);        // handled by hand
//     Scheduler* caller = TRY(self(file));     // passed up
//
// Invariants:
// 1. A Result holds an error (1 to 4095, a positive errno) or a value, never both.
// 2. value() of an error is a bug, and asserted.
//
// Thread safety: a plain value.
#pragma once

#include <utility>

#include "sim_kernel/base/kassert.h"

namespace ums::kernel {

// A positive errno on its way to become the error of a Result.
struct Error {
  int code;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(Error error) noexcept : error_(error.code) {
    kassert(error.code > 0 && error.code < 4096, "errno {}", error.code);
  }
  Result(T value) noexcept : value_(std::move(value)) {}

  bool ok() const noexcept { return error_ == 0; }
  int error_code() const noexcept { return error_; }
  Error error() const noexcept { return Error{error_}; }

  T& value() noexcept {
    kassert(ok(), "value of a failed Result, errno {}", error_);
    return value_;
  }

 private:
  int error_ = 0;
  T value_{};
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() noexcept = default;
  Result(Error error) noexcept : error_(error.code) {
    kassert(error.code > 0 && error.code < 4096, "errno {}", error.code);
  }

  bool ok() const noexcept { return error_ == 0; }
  int error_code() const noexcept { return error_; }
  Error error() const noexcept { return Error{error_}; }
  void value() const noexcept { kassert(ok(), "value of a failed Result, errno {}", error_); }

 private:
  int error_ = 0;
};

// Unwraps a Result, or returns its error from the function it stands in.
#define TRY(expression)                   \
  __extension__({                         \
    auto try_result_ = (expression);      \
    if (!try_result_.ok()) [[unlikely]] { \
      return try_result_.error();         \
    }                                     \
    try_result_.value();                  \
  })

}  // namespace ums::kernel
