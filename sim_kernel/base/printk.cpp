// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/base/printk.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "sim_kernel/base/output_file.h"

namespace ums::kernel {

namespace {

using Word = std::uint64_t;
constexpr std::size_t kTextWords = kPrintkTextBytes / sizeof(Word);
static_assert(kTextWords * sizeof(Word) == kPrintkTextBytes);

// A place in the ring: a sequence lock around one record. `version` is 0 while it is empty,
// 2 * sequence + 1 while the record is written, 2 * sequence + 2 when it is complete.
// Ordering: the words are stored with release and loaded with acquire, so that who reads a word of
// a newer record also sees the newer version when it looks again (see printk_copy).
struct Slot {
  std::atomic<std::uint64_t> version{0};
  std::atomic<std::uint64_t> time_ns{0};
  std::atomic<std::uint32_t> level{0};
  std::atomic<std::uint32_t> length{0};
  std::array<std::atomic<Word>, kTextWords> words{};
};

constinit std::array<Slot, kPrintkRecords> ring{};
constinit std::atomic<std::uint64_t> next_sequence{0};
constinit OutputFile log_file;

Slot& slot_of(std::uint64_t sequence) noexcept { return ring[sequence % kPrintkRecords]; }

constexpr std::size_t words_of(std::size_t length) noexcept {
  return (length + sizeof(Word) - 1) / sizeof(Word);
}

// Makes the place the caller's. Fails if somebody is still writing there, or a newer record is.
bool claim(Slot& slot, std::uint64_t sequence) noexcept {
  std::uint64_t version = slot.version.load(std::memory_order_relaxed);
  if ((version & 1U) != 0 || version > 2 * sequence) return false;
  return slot.version.compare_exchange_strong(version, 2 * sequence + 1, std::memory_order_acquire,
                                              std::memory_order_relaxed);
}

void store(LogLevel level, std::string_view text, std::uint64_t time_ns) noexcept {
  const std::uint64_t sequence = next_sequence.fetch_add(1, std::memory_order_relaxed);
  Slot& slot = slot_of(sequence);
  if (!claim(slot, sequence)) return;
  slot.time_ns.store(time_ns, std::memory_order_release);
  slot.level.store(static_cast<std::uint32_t>(level), std::memory_order_release);
  slot.length.store(static_cast<std::uint32_t>(text.size()), std::memory_order_release);
  for (std::size_t i = 0; i < words_of(text.size()); ++i) {
    Word word = 0;
    const std::size_t rest = text.size() - i * sizeof word;
    std::memcpy(&word, text.data() + i * sizeof word, rest < sizeof word ? rest : sizeof word);
    slot.words[i].store(word, std::memory_order_release);
  }
  slot.version.store(2 * sequence + 2, std::memory_order_release);
}

// The text with `prefix` before each line, ready for one write.
class Prefixed {
 public:
  Prefixed(std::string_view prefix, std::string_view text) noexcept {
    for (;;) {
      const std::size_t end = text.find('\n');
      append(prefix);
      append(text.substr(0, end));
      append("\n");
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + 1);
    }
    bytes_[length_ - 1] = '\n';  // also where something was cut
  }

  std::string_view view() const noexcept { return {bytes_, length_}; }

 private:
  void append(std::string_view part) noexcept {
    const std::size_t room = sizeof bytes_ - length_;
    const std::size_t length = part.size() < room ? part.size() : room;
    std::memcpy(bytes_ + length_, part.data(), length);
    length_ += length;
  }

  std::size_t length_ = 0;
  char bytes_[kPrintkTextBytes + 256];  // room for the prefixes of some ten lines
};

std::uint64_t monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

void printk_init() noexcept {
  log_file.close();
  const char* const path = secure_getenv("UMS_LOG");
  if (path == nullptr || *path == '\0') return;
  const int error = log_file.open(path);
  if (error != 0)
    pr_err("cannot write UMS_LOG={:.{}}: {}", path, kShownPathBytes, strerrordesc_np(error));
}

void printk_reset_after_fork() noexcept {
  for (Slot& slot : ring) {
    if ((slot.version.load(std::memory_order_relaxed) & 1U) != 0) {
      slot.version.store(0, std::memory_order_relaxed);
    }
  }
}

void printk_text(LogLevel level, std::string_view text) noexcept {
  if (text.ends_with('\n')) text.remove_suffix(1);
  text = text.substr(0, kPrintkTextBytes);
  const std::uint64_t time_ns = monotonic_ns();
  store(level, text, time_ns);
  if (level <= LogLevel::kWarning) write_stderr(Prefixed("ums: ", text).view());
  if (!log_file.is_open()) return;
  char stamp[32];
  const auto end = fmt::format_to_n(stamp, sizeof stamp, "[{:5}.{:06}] ", time_ns / 1'000'000'000,
                                    time_ns / 1'000 % 1'000'000);
  log_file.write(Prefixed({stamp, end.size}, text).view());
}

std::uint64_t printk_next_sequence() noexcept {
  return next_sequence.load(std::memory_order_relaxed);
}

bool printk_copy(std::uint64_t sequence, LogRecord& record) noexcept {
  const Slot& slot = slot_of(sequence);
  const std::uint64_t complete = 2 * sequence + 2;
  if (slot.version.load(std::memory_order_acquire) != complete) return false;
  record.sequence = sequence;
  record.time_ns = slot.time_ns.load(std::memory_order_acquire);
  record.level = static_cast<LogLevel>(slot.level.load(std::memory_order_acquire));
  record.length = slot.length.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < words_of(record.length); ++i) {
    const Word word = slot.words[i].load(std::memory_order_acquire);
    std::memcpy(record.bytes + i * sizeof word, &word, sizeof word);
  }
  // Ordering: acquire above keeps this load last; a word of a newer record brings its version.
  return slot.version.load(std::memory_order_relaxed) == complete;
}

}  // namespace ums::kernel
