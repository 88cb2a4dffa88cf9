// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/base/thread_stack.h"

#include <pthread.h>

#include <cerrno>
#include <cstddef>

namespace ums::kernel {

ThreadStack thread_stack() noexcept {
  ThreadStack stack;
  const int saved_errno = errno;
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    void* low = nullptr;
    std::size_t bytes = 0;
    if (pthread_attr_getstack(&attributes, &low, &bytes) == 0) {
      stack.low = reinterpret_cast<unsigned long>(low);
      stack.high = stack.low + bytes;
    }
    pthread_attr_destroy(&attributes);
  }
  errno = saved_errno;
  return stack;
}

}  // namespace ums::kernel
