// SPDX-License-Identifier: Apache-2.0
//
// TlsImage: the thread-local variables of a thread that has only begun, to be put back when its
// function has returned and it is to run another as if it were new.
//
// The C library's own are left out: what a program sees of them is errno and the locale, which
// are set anew, and the rest keeps its memory in order.
//
// Thread safety: about the calling thread.
#pragma once

#include <array>
#include <cstddef>

namespace ums::api {

class TlsImage {
 public:
  TlsImage() = default;
  ~TlsImage();
  TlsImage(const TlsImage&) = delete;
  TlsImage& operator=(const TlsImage&) = delete;

  // False: no memory, or more modules than there is room for.
  [[nodiscard]] bool take() noexcept;

  // False: the program has loaded or unloaded modules since, or the thread uses the variables of
  // one that it did not use then; nothing was put back.
  [[nodiscard]] bool restore() const noexcept;

 private:
  struct Block {
    void* variables = nullptr;
    std::size_t bytes = 0;

    friend bool operator==(const Block&, const Block&) = default;
  };
  // By module, as the dynamic linker names them.
  struct Blocks {
    static constexpr std::size_t kMax = 64;

    std::array<Block, kMax> blocks;
    std::size_t count = 0;
    bool fits = true;
    unsigned long long loads = 0;
    unsigned long long unloads = 0;
  };

  static Blocks blocks_of_caller() noexcept;

  Blocks blocks_;
  std::byte* copy_ = nullptr;  // of all, one after the other
};

}  // namespace ums::api
