// SPDX-License-Identifier: Apache-2.0
//
// CPUs in a simulation whose virtual CPUs the program sees: how many there are, on which the caller
// is, and on which a thread may be. The C library's functions answer in any other.
// LIMIT: system calls by syscall(2), and what /proc and /sys say, are about Linux's CPUs.
#include "ums_api/simulated/affinity.h"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim_kernel/simulated/find_task.h"
#include "sim_kernel/simulated/simulation.h"
#include "sim_kernel/simulated/virtual_cpus.h"
#include "sim_kernel/simulated/virtual_time.h"
#include "ums_api/simulated/thread_ids.h"
#include "ums_api/simulated/threads.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::CpuMask;
using ums::kernel::EventKind;
using ums::kernel::sched_point;
using ums::kernel::Task;
using ums::kernel::virtual_cpus;

constinit NextSymbol<int(pthread_t, std::size_t, const cpu_set_t*)> next_pthread_set{
    "pthread_setaffinity_np"};
constinit NextSymbol<int(pthread_t, std::size_t, cpu_set_t*)> next_pthread_get{
    "pthread_getaffinity_np"};
constinit NextSymbol<int(pid_t, std::size_t, const cpu_set_t*)> next_sched_set{"sched_setaffinity"};
constinit NextSymbol<int(pid_t, std::size_t, cpu_set_t*)> next_sched_get{"sched_getaffinity"};
constinit NextSymbol<int()> next_getcpu_number{"sched_getcpu"};
constinit NextSymbol<int(unsigned*, unsigned*)> next_getcpu{"getcpu"};
constinit NextSymbol<int()> next_nprocs{"get_nprocs"};
constinit NextSymbol<int()> next_nprocs_conf{"get_nprocs_conf"};
constinit NextSymbol<long(int)> next_sysconf{"sysconf"};

// The caller, where it sees virtual CPUs; else null.
Task* who_sees_cpus() noexcept {
  return virtual_cpus.options().are_visible ? current_simulated() : nullptr;
}

CpuMask mask_of(const cpu_set_t* set, std::size_t bytes) noexcept {
  CpuMask mask = 0;
  std::memcpy(&mask, set, std::min(bytes, sizeof mask));
  return mask & virtual_cpus.all();
}

// An error number.
int set_affinity(Task& me, Task* task, std::size_t bytes, const cpu_set_t* set) noexcept {
  sched_point(me, EventKind::kPoint);
  ums::kernel::charge(virtual_cpus.options().costs.system_call);
  if (task == nullptr) return ESRCH;
  const CpuMask mask = mask_of(set, bytes);
  if (mask == 0) return EINVAL;
  ums::kernel::set_affinity(*task, mask);
  return 0;
}

int get_affinity(const Task* task, std::size_t bytes, cpu_set_t* set) noexcept {
  if (task == nullptr) return ESRCH;
  if (bytes < sizeof(CpuMask)) return EINVAL;
  const CpuMask mask = task->machine.affinity & virtual_cpus.all();
  std::memset(set, 0, bytes);
  std::memcpy(set, &mask, sizeof mask);
  return 0;
}

// One of this simulation; null: it is none.
Task* task_of_thread(Task& me, pid_t tid) noexcept {
  if (tid == 0 || tid == me.tid) return &me;
  return ums::kernel::simulated_task_of(tid);
}

int as_result(int error) noexcept {
  if (error != 0) errno = error;
  return error == 0 ? 0 : -1;
}

int current_cpu(const Task& me) noexcept { return std::max(me.machine.cpu, 0); }

}  // namespace

namespace ums::api {

NewAffinity::NewAffinity(const Task& creator, const pthread_attr_t* attributes) noexcept
    : mask_(creator.machine.affinity) {
  if (!virtual_cpus.options().are_visible || attributes == nullptr) return;
  cpu_set_t none;
  std::memset(&none, 0xff, sizeof none);  // what it says where nobody has set it
  if (pthread_attr_getaffinity_np(attributes, sizeof set_, &set_) != 0) return;
  if (CPU_EQUAL(&set_, &none)) return;
  attributes_ = const_cast<pthread_attr_t*>(attributes);
  pthread_attr_setaffinity_np(attributes_, 0, &set_);
  mask_ = mask_of(&set_, sizeof set_);
}

NewAffinity::~NewAffinity() {
  if (attributes_ != nullptr) pthread_attr_setaffinity_np(attributes_, sizeof set_, &set_);
}

}  // namespace ums::api

UMS_EXPORT int pthread_setaffinity_np(pthread_t thread, std::size_t bytes,
                                      const cpu_set_t* set) noexcept {
  Task* const me = who_sees_cpus();
  if (me == nullptr) return next_pthread_set(thread, bytes, set);
  return set_affinity(*me, task_of_handle(thread), bytes, set);
}

UMS_EXPORT int pthread_getaffinity_np(pthread_t thread, std::size_t bytes,
                                      cpu_set_t* set) noexcept {
  Task* const me = who_sees_cpus();
  if (me == nullptr) return next_pthread_get(thread, bytes, set);
  return get_affinity(task_of_handle(thread), bytes, set);
}

// LIMIT: threads of other processes go to Linux, and other processes' CPUs are Linux's.
UMS_EXPORT int sched_setaffinity(pid_t tid, std::size_t bytes, const cpu_set_t* set) noexcept {
  Task* const me = who_sees_cpus();
  Task* const task = me == nullptr ? nullptr : task_of_thread(*me, tid);
  if (task == nullptr) return next_sched_set(kernel_thread_of(tid), bytes, set);
  return as_result(set_affinity(*me, task, bytes, set));
}

UMS_EXPORT int sched_getaffinity(pid_t tid, std::size_t bytes, cpu_set_t* set) noexcept {
  Task* const me = who_sees_cpus();
  Task* const task = me == nullptr ? nullptr : task_of_thread(*me, tid);
  if (task == nullptr) return next_sched_get(kernel_thread_of(tid), bytes, set);
  return as_result(get_affinity(task, bytes, set));
}

UMS_EXPORT int sched_getcpu() noexcept {
  Task* const me = who_sees_cpus();
  return me == nullptr ? next_getcpu_number() : current_cpu(*me);
}

UMS_EXPORT int getcpu(unsigned* cpu, unsigned* node) noexcept {
  Task* const me = who_sees_cpus();
  if (me == nullptr) return next_getcpu(cpu, node);
  if (cpu != nullptr) *cpu = static_cast<unsigned>(current_cpu(*me));
  if (node != nullptr) *node = 0;
  return 0;
}

UMS_EXPORT int get_nprocs() noexcept {
  return who_sees_cpus() == nullptr ? next_nprocs() : virtual_cpus.options().count;
}

UMS_EXPORT int get_nprocs_conf() noexcept {
  return who_sees_cpus() == nullptr ? next_nprocs_conf() : virtual_cpus.options().count;
}

UMS_EXPORT long sysconf(int name) noexcept {
  const bool is_about_cpus = name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF;
  if (!is_about_cpus || who_sees_cpus() == nullptr) return next_sysconf(name);
  return virtual_cpus.options().count;
}
