// SPDX-License-Identifier: Apache-2.0
//
// NeverDestroyed: a static object that nothing destroys, since destructors of the program may need
// it after those of this library have run.
//
//     UMS_NEVER_DESTROYED NeverDestroyed<RunQueue> run_queue;
//     run_queue->add(task);
//
// It is made before the constructors of static objects of the program and of this library run, and
// before functions with a constructor priority above 101.
//
// Thread safety: the object's.
#pragma once

#include <new>

#define UMS_NEVER_DESTROYED [[gnu::init_priority(101)]]

namespace ums::kernel {

template <typename T>
class NeverDestroyed {
 public:
  NeverDestroyed() { new (bytes_) T; }
  NeverDestroyed(const NeverDestroyed&) = delete;
  NeverDestroyed& operator=(const NeverDestroyed&) = delete;

  // Another one in its place, which the old one knows nothing of: it may refer to what is not there
  // any more, as in the child of a fork.
  void renew() noexcept { new (bytes_) T; }

  T& operator*() noexcept { return *std::launder(reinterpret_cast<T*>(bytes_)); }
  T* operator->() noexcept { return &**this; }

 private:
  alignas(T) unsigned char bytes_[sizeof(T)];
};

}  // namespace ums::kernel
