// SPDX-License-Identifier: Apache-2.0
//
// Called on a park stack; see idle_nosan.cpp for what that forbids.
#include "sim_kernel/parallel/signals/signal_queue.h"

#include <sys/mman.h>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

namespace {

constexpr unsigned kFirstBytes = 4096;
constexpr unsigned kBytesMax = 1U << 22;

// What Linux keeps of a signal that is sent to a thread.
struct QueuedSignal {
  int signal;
  int code;
  int fields[4];  // who sent it, and its value: as in siginfo_t

  siginfo_t as_info() const noexcept {
    siginfo_t info{};
    info.si_signo = signal;
    info.si_code = code;
    for (unsigned i = 0; i < 4; ++i) info._sifields._pad[i] = fields[i];
    return info;
  }
};

}  // namespace

struct SignalQueue::Mapping {
  unsigned bytes;
  unsigned head;  // where the next one goes
  unsigned tail;  // the oldest

  // The slots follow.
  QueuedSignal* slots() noexcept { return reinterpret_cast<QueuedSignal*>(this + 1); }
  unsigned room() const noexcept {
    return static_cast<unsigned>((bytes - sizeof(Mapping)) / sizeof(QueuedSignal));
  }

  // Fresh memory, whose zeros are an empty queue; null if there is none.
  static Mapping* create(unsigned bytes) noexcept {
    const long address =
        raw_syscall(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address < 0 && address > -4096) return nullptr;
    auto* const mapping = reinterpret_cast<Mapping*>(address);
    mapping->bytes = bytes;
    return mapping;
  }
  void destroy() noexcept { raw_syscall(SYS_munmap, syscall_arg(this), bytes); }

  // One of twice the size with what waits here, which is destroyed; null if there is no memory.
  Mapping* grown() noexcept {
    Mapping* const larger = create(2 * bytes);
    if (larger == nullptr) return nullptr;
    while (tail != head) larger->slots()[larger->head++] = slots()[tail++];
    destroy();
    return larger;
  }
};

bool SignalQueue::make_room() noexcept {
  if (mapping_ != nullptr && mapping_->head < mapping_->room()) return true;
  if (mapping_ != nullptr && 2 * mapping_->bytes > kBytesMax) return false;
  Mapping* const larger = mapping_ == nullptr ? Mapping::create(kFirstBytes) : mapping_->grown();
  if (larger != nullptr) mapping_ = larger;
  return larger != nullptr;
}

bool SignalQueue::push(const siginfo_t& info) noexcept {
  if (!make_room()) return false;
  QueuedSignal& slot = mapping_->slots()[mapping_->head++];
  slot.signal = info.si_signo;
  slot.code = info.si_code;
  for (unsigned i = 0; i < 4; ++i) slot.fields[i] = info._sifields._pad[i];
  return true;
}

unsigned SignalQueue::size() const noexcept {
  return mapping_ == nullptr ? 0 : mapping_->head - mapping_->tail;
}

bool SignalQueue::empty() const noexcept { return size() == 0; }

bool SignalQueue::contains(int signal) const noexcept {
  if (mapping_ == nullptr) return false;
  for (unsigned i = mapping_->tail; i != mapping_->head; ++i) {
    if (mapping_->slots()[i].signal == signal) return true;
  }
  return false;
}

bool SignalQueue::count_overrun(const siginfo_t& info) noexcept {
  if (mapping_ == nullptr) return false;
  for (unsigned i = mapping_->tail; i != mapping_->head; ++i) {
    QueuedSignal& slot = mapping_->slots()[i];  // its fields begin with the timer and the count
    if (slot.code != SI_TIMER || slot.fields[0] != info.si_timerid) continue;
    slot.fields[1] += info.si_overrun + 1;
    return true;
  }
  return false;
}

siginfo_t SignalQueue::front() const noexcept {
  return mapping_->slots()[mapping_->tail].as_info();
}

void SignalQueue::pop() noexcept {
  if (++mapping_->tail != mapping_->head) return;
  mapping_->head = 0;
  mapping_->tail = 0;
}

std::uint64_t SignalQueue::numbers() const noexcept {
  std::uint64_t numbers = 0;
  if (mapping_ == nullptr) return 0;
  for (unsigned i = mapping_->tail; i != mapping_->head; ++i) {
    numbers |= 1UL << (mapping_->slots()[i].signal - 1);
  }
  return numbers;
}

siginfo_t SignalQueue::take(int signal) noexcept {
  unsigned i = mapping_->tail;
  while (mapping_->slots()[i].signal != signal) ++i;
  const siginfo_t info = mapping_->slots()[i].as_info();
  for (; i != mapping_->tail; --i) mapping_->slots()[i] = mapping_->slots()[i - 1];
  pop();
  return info;
}

void SignalQueue::release() noexcept {
  if (mapping_ == nullptr) return;
  mapping_->destroy();
  mapping_ = nullptr;
}

}  // namespace ums::kernel
