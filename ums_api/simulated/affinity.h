// SPDX-License-Identifier: Apache-2.0
//
// NewAffinity: on which virtual CPUs a new thread may be: where its attributes say, or where its
// creator may. Linux, which has other CPUs, is not told of the former while this lives.
//
// Thread safety: the simulation.
#pragma once

#include <pthread.h>
#include <sched.h>

#include "ums_api/simulated/current_simulated.h"

namespace ums::api {

class NewAffinity {
 public:
  NewAffinity(const kernel::Task& creator, const pthread_attr_t* attributes) noexcept;
  ~NewAffinity();
  NewAffinity(const NewAffinity&) = delete;
  NewAffinity& operator=(const NewAffinity&) = delete;

  // 0: there is no such CPU.
  kernel::CpuMask mask() const noexcept { return mask_; }

 private:
  kernel::CpuMask mask_;
  pthread_attr_t* attributes_ = nullptr;  // that were changed
  cpu_set_t set_{};                       // what they said
};

}  // namespace ums::api
