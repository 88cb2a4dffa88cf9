// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/inspect/state_reader.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>

#include "sim_kernel/publish/left_file.h"
#include "tools/ums/inspect/process_name.h"

namespace ums::command {
namespace {

using kernel::StateCache;
using kernel::StateHeader;

constexpr const char* kCacheNames[] = {"task", "ums_data", "ums_scheduler", "ums_worker",
                                       "ums_complist"};
constexpr std::size_t kSlotBytes = 8;
constexpr std::size_t kSlotsAtOnce = 4096;
constexpr std::size_t kStrideMax = kernel::kSlabFirstBytes / 4;

// Which kind of object has a member.
StateKind kind_of(std::size_t field) {
  if (field < static_cast<std::size_t>(StateField::kDataFile)) return StateKind::kTask;
  if (field < static_cast<std::size_t>(StateField::kSchedulerTask)) return StateKind::kData;
  if (field < static_cast<std::size_t>(StateField::kWorkerNext)) return StateKind::kScheduler;
  if (field < static_cast<std::size_t>(StateField::kComplistData)) return StateKind::kWorker;
  return StateKind::kComplist;
}

// Whether nothing is wrong with the file, but this process cannot open any.
bool is_want(int error) { return error == EMFILE || error == ENFILE || error == ENOMEM; }

std::string_view text_of(const char* bytes, std::size_t max) {
  return {bytes, strnlen(bytes, max)};
}

}  // namespace

StateReader::StateReader(Descriptor file, std::string path)
    : file_(std::move(file)), path_(std::move(path)), header_(std::make_unique<StateHeader>()) {}

void StateReader::refuse(const std::string& fault) const {
  throw StateError(fmt::format("'{}': {}", path_, fault));
}

std::optional<StateReader> StateReader::open(int folder, const std::string& folder_path,
                                             const std::string& name) {
  Descriptor file(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
  const int error = errno;
  StateReader reader(std::move(file), folder_path + "/" + name);
  if (!reader.file_ && is_want(error)) {
    throw std::system_error(error, std::generic_category(), reader.path());
  }
  if (!reader.file_) reader.refuse(std::strerror(error));
  struct stat status {};
  if (fstat(reader.file_.get(), &status) != 0) reader.refuse(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) reader.refuse("it is no file: remove it");
  if (status.st_uid != geteuid()) {
    reader.refuse(fmt::format("it belongs to user {}: remove it", status.st_uid));
  }
  if (status.st_size == 0) return std::nullopt;
  reader.inode_ = status.st_ino;
  reader.read_header();
  if (!kernel::is_state_header(reader.header())) {
    reader.refuse("it is no state file of a UMS kernel: remove it");
  }
  if (reader.is_left_behind()) {
    kernel::remove_if_left(folder, name.c_str());
    return std::nullopt;
  }
  if (kernel::is_half_made(reader.header())) return std::nullopt;
  reader.check_release();
  reader.check_layout();
  return reader;
}

// Reads as much as there is; the rest is zeros. Returns how much there was.
std::size_t StateReader::read(std::uint64_t offset, void* to, std::size_t bytes) const {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t count = pread(file_.get(), static_cast<char*>(to) + done, bytes - done,
                                static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse(fmt::format("cannot be read: {}", std::strerror(errno)));
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  std::memset(static_cast<char*>(to) + done, 0, bytes - done);
  return done;
}

// Twice: what tells that something is there must have been read before that (invariant 4 of the
// file).
void StateReader::read_header() {
  const auto first = std::make_unique<StateHeader>();
  if (read(0, first.get(), sizeof *first) != sizeof *first) {
    refuse("it is too short for a state file: remove it");
  }
  __sync_synchronize();  // with the releases of publish.cpp; ThreadSanitizer knows no other fence
  read(0, header_.get(), sizeof *header_);
  std::memcpy(header_->magic, first->magic, sizeof first->magic);
  for (std::size_t i = 0; i < kernel::kStateCachesMax; ++i) {
    header_->caches[i].regions_count = first->caches[i].regions_count.load();
  }
}

void StateReader::check_release() const {
  if (header().format != kernel::kStateFormat) {
    refuse(fmt::format(
        "its kernel is of release {}, whose state this one (" UMS_VERSION
        ") cannot read: use the command ums of that release",
        shown_command({std::string(text_of(header().version, sizeof header().version))})));
  }
  if (header().kind != kernel::KernelKind::kEmbedded &&
      header().kind != kernel::KernelKind::kProcess) {
    refuse("it is damaged (kind of kernel)");
  }
}

StateReader::Cache StateReader::checked_cache(const StateCache& from, std::uint64_t file_bytes,
                                              std::uint64_t& total) const {
  Cache cache;
  cache.stride = from.stride;
  if (cache.stride == 0 || cache.stride > kStrideMax) refuse("it is damaged (size of objects)");
  const std::uint32_t regions = from.regions_count.load();
  if (regions > kernel::kSlabRegionsMax) refuse("it is damaged (number of regions)");
  for (std::uint32_t i = 0; i < regions; ++i) {
    const kernel::StateRegion& region = from.regions[i];
    total += region.bytes;
    if (region.bytes > file_bytes || region.offset > file_bytes - region.bytes ||
        total > file_bytes ||
        region.count * std::uint64_t{cache.stride + kSlotBytes} > region.bytes) {
      refuse("it is damaged (region)");
    }
    cache.regions.push_back(
        {region.offset, region.offset + region.bytes - region.count * kSlotBytes, region.count});
  }
  return cache;
}

// Finds the caches, and makes sure that all members are in their objects.
void StateReader::check_layout() {
  struct stat status {};
  if (fstat(file_.get(), &status) != 0) refuse(std::strerror(errno));
  const auto file_bytes =
      std::min(static_cast<std::uint64_t>(status.st_size), std::uint64_t{kernel::kPublishBytes});
  std::uint64_t total = 0;
  for (Cache& cache : caches_) cache = {};
  for (const StateCache& from : header().caches) {
    const std::string_view name = text_of(from.name, sizeof from.name);
    const auto found = std::find(std::begin(kCacheNames), std::end(kCacheNames), name);
    if (found == std::end(kCacheNames) || from.regions_count == 0) continue;
    caches_[found - std::begin(kCacheNames)] = checked_cache(from, file_bytes, total);
  }
  for (std::size_t i = 0; i < kernel::kStateFields; ++i) {
    const Cache& cache = caches_[static_cast<std::size_t>(kind_of(i))];
    const std::uint32_t offset = header().fields.offsets[i];
    if (cache.stride != 0 && offset + sizeof(std::uint64_t) > cache.stride) {
      refuse("it is damaged (members of objects)");
    }
  }
}

std::string StateReader::name() const {
  return std::string(text_of(header().kernel_name, sizeof header().kernel_name));
}

double StateReader::age_seconds() const {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const double seconds = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  return std::max(0.0, seconds - static_cast<double>(header().started_ns) * 1e-9);
}

std::vector<std::string> StateReader::command() const {
  std::vector<std::string> words;
  const char* const end = header().command + sizeof header().command;
  for (const char* at = header().command; at < end && *at != '\0';) {
    words.emplace_back(text_of(at, static_cast<std::size_t>(end - at)));
    at += words.back().size() + 1;
  }
  return words;
}

bool StateReader::is_left_behind() const { return kernel::is_left_behind(file_.get(), header()); }

std::uint64_t StateReader::generation() const {
  std::uint64_t generation = 0;
  read(offsetof(StateHeader, generation), &generation, sizeof generation);
  return generation;
}

void StateReader::refresh() {
  read_header();
  check_release();
  check_layout();
}

// Reads the slots first: what is live then may be dead in the copy, and readers look at its fields.
void StateReader::visit_region(const Cache& cache, const Region& region,
                               const std::function<void(const StateObject&)>& visit) const {
  std::vector<std::uint64_t> slots;
  std::vector<unsigned char> objects;
  for (std::uint32_t first = 0; first < region.count; first += kSlotsAtOnce) {
    const std::size_t some = std::min<std::size_t>(kSlotsAtOnce, region.count - first);
    slots.resize(some);
    const std::uint64_t slots_at = region.slots + first * kSlotBytes;
    read(slots_at, slots.data(), some * kSlotBytes);
    const auto is_live = [&](std::size_t i) {
      return slots[i] == header().base + slots_at + i * kSlotBytes;
    };
    for (std::size_t begin = 0, end = 0; begin < some; begin = end + 1) {  // runs of live objects
      for (end = begin; end < some && is_live(end);) ++end;
      if (end == begin) continue;
      const std::uint64_t at = region.objects + (first + begin) * std::uint64_t{cache.stride};
      objects.resize((end - begin) * cache.stride);
      read(at, objects.data(), objects.size());
      for (std::size_t i = 0; i < end - begin; ++i) {
        visit(StateObject(header().base + at + i * cache.stride, objects.data() + i * cache.stride,
                          header().fields));
      }
    }
  }
}

void StateReader::for_each(StateKind kind,
                           const std::function<void(const StateObject&)>& visit) const {
  const Cache& cache = caches_[static_cast<std::size_t>(kind)];
  for (const Region& region : cache.regions) visit_region(cache, region, visit);
}

bool StateReader::with(StateKind kind, std::uint64_t address,
                       const std::function<void(const StateObject&)>& visit) const {
  const Cache& cache = caches_[static_cast<std::size_t>(kind)];
  const std::uint64_t offset = address - header().base;
  for (const Region& region : cache.regions) {
    const std::uint64_t inside = offset - region.objects;  // huge where it is before the region
    if (inside >= region.count * std::uint64_t{cache.stride} || inside % cache.stride != 0)
      continue;
    const std::uint64_t slot_at = region.slots + inside / cache.stride * kSlotBytes;
    std::uint64_t slot = 0;
    read(slot_at, &slot, sizeof slot);
    if (slot != header().base + slot_at) return false;
    std::vector<unsigned char> bytes(cache.stride);
    read(offset, bytes.data(), bytes.size());
    visit(StateObject(address, bytes.data(), header().fields));
    return true;
  }
  return false;
}

}  // namespace ums::command
