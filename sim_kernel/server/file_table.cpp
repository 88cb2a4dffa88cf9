// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/file_table.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/parent_from_member.hpp>
#include <boost/intrusive/set.hpp>
#include <cerrno>
#include <utility>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/dev/char_device.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/server/clients/process.h"
#include "sim_kernel/server/descriptor_budget.h"
#include "sim_kernel/server/event_source.h"
#include "sim_kernel/server/listener.h"
#include "sim_kernel/server/open_description.h"
#include "sim_kernel/server/strace.h"
#include "sim_kernel/server/temporary_name.h"

namespace ums::kernel {

namespace {

// An open File and our end of its FIFO.
struct Channel final : EventSource {
  Channel(const FileOperations& driver, std::uint64_t serial) noexcept
      : EventSource(Kind::kEnds), file(driver, serial) {}

  void on_event(std::uint32_t events) noexcept override;

  File file;
  int hangup_fd = -1;  // -1: no descriptor names the File any more
  Inode inode{};
  OpenDescription description;  // of the read end
  int status_flags = 0;
  pid_t opener = 0;  // the process
  boost::intrusive::set_member_hook<> by_inode_hook;
  boost::intrusive::list_member_hook<> all_hook;
};

struct ByInode {
  using type = Inode;
  type operator()(const Channel& channel) const noexcept { return channel.inode; }
};

// Those that a descriptor names.
boost::intrusive::set<Channel,
                      boost::intrusive::member_hook<Channel, boost::intrusive::set_member_hook<>,
                                                    &Channel::by_inode_hook>,
                      boost::intrusive::key_of_value<ByInode>>
    channels;

// All whose File is not released yet.
boost::intrusive::list<Channel,
                       boost::intrusive::member_hook<Channel, boost::intrusive::list_member_hook<>,
                                                     &Channel::all_hook>>
    all_channels;

constinit ObjectCache<Channel> channel_cache{"file"};
std::uint64_t next_serial = 1;

Channel& channel_of(File& file) noexcept {
  return *boost::intrusive::get_parent_from_member(&file, &Channel::file);
}

// ---- the FIFO

int open_fifo(const char* path, int flags) noexcept {
  const long fd =
      raw_syscall(SYS_openat, AT_FDCWD, syscall_arg(path), flags | O_NONBLOCK | O_CLOEXEC, 0);
  return static_cast<int>(fd);
}

// Makes a FIFO without a name. Returns the read end, and the write end in the channel; -errno.
int make_fifo(Channel& channel) noexcept {
  const TemporaryName name;
  const long made = raw_syscall(SYS_mknodat, AT_FDCWD, syscall_arg(name.path), S_IFIFO | 0600, 0);
  if (made < 0) return static_cast<int>(made);
  const int read_end = open_fifo(name.path, O_RDONLY);
  const int write_end = read_end < 0 ? read_end : open_fifo(name.path, O_WRONLY);
  raw_syscall(SYS_unlinkat, AT_FDCWD, syscall_arg(name.path), 0);
  if (write_end < 0) {
    if (read_end >= 0) raw_syscall(SYS_close, read_end);
    return write_end;
  }
  channel.hangup_fd = write_end;
  channel.inode = host_status(write_end, "").inode;
  return read_end;
}

void close_fifo(Channel& channel) noexcept {
  forget_events(channel.hangup_fd);
  raw_syscall(SYS_close, std::exchange(channel.hangup_fd, -1));
}

// ---- what descriptors were

// A channel that a descriptor named when it was used last. It may name another by now, or nothing.
struct Hint {
  pid_t tid = 0;
  int fd = 0;
  Channel* channel = nullptr;
};

constinit std::array<Hint, 256> hints{};

Hint& hint_of(pid_t tid, int fd) noexcept {
  return hints[(static_cast<unsigned>(tid) + static_cast<unsigned>(fd)) % hints.size()];
}

void forget_hints(const Channel& channel) noexcept {
  for (Hint& hint : hints) {
    if (hint.channel == &channel) hint = {};
  }
}

// ---- opening

Result<Channel*> open_channel(const FileOperations& driver, Task& opener, int flags) noexcept {
  Channel* const channel = channel_cache.create(driver, next_serial++);
  if (channel == nullptr) return Error{ENOMEM};
  const Result<void> opened = driver.open(channel->file, opener, flags);
  if (!opened.ok()) {
    channel_cache.destroy(channel);
    return opened.error();
  }
  channel->status_flags = flags & kSettableFlags;
  channel->opener = opener.machine.process->pid;
  all_channels.push_back(*channel);
  file_get(channel->file);
  return channel;
}

bool may_keep(const Channel& channel) noexcept {
  const auto files = std::count_if(all_channels.begin(), all_channels.end(),
                                   [&](const Channel& c) { return c.opener == channel.opener; });
  return suffices_for_file(channel.hangup_fd, static_cast<std::size_t>(files));
}

Result<int> send_read_end(Channel& channel, int read_end, Waiting waiting, int flags) noexcept {
  if (!may_keep(channel)) return Error{ENFILE};
  if (!watch_events(channel.hangup_fd, 0, channel)) return Error{ENOMEM};
  return waiting.listener->answer_with_descriptor(waiting.id, read_end, (flags & O_CLOEXEC) != 0);
}

// Sends the read end of a new FIFO to the opener. Our descriptors are nothing to it: there are
// enough, or not in the system.
Result<int> connect(Channel& channel, Waiting waiting, int flags) noexcept {
  const int read_end = make_fifo(channel);
  if (read_end < 0) return Error{read_end == -EMFILE ? ENFILE : -read_end};
  const Result<int> sent = send_read_end(channel, read_end, waiting, flags);
  if (sent.ok()) channel.description.remember(read_end);
  raw_syscall(SYS_close, read_end);
  if (!sent.ok()) {
    close_fifo(channel);
    return sent.error();
  }
  channels.insert(channel);
  return sent;
}

Result<int> open_and_connect(Task& opener, Waiting waiting, int flags) noexcept {
  const FileOperations* const driver = find_char_device("/dev/ums");
  if (driver == nullptr) return Error{ENOENT};
  Channel& channel = *TRY(open_channel(*driver, opener, flags));
  const Result<int> connected = connect(channel, waiting, flags);
  if (!connected.ok()) file_put(channel.file);
  return connected;
}

}  // namespace

Result<void> file_open(Task& opener, Waiting waiting, int flags) noexcept {
  const Result<int> opened = open_and_connect(opener, waiting, flags);
  if (strace_on) [[unlikely]] {
    strace_opened(opener, flags, opened);
  }
  if (!opened.ok()) return opened.error();
  return {};
}

void Channel::on_event(std::uint32_t /*events*/) noexcept {
  channels.erase(channels.iterator_to(*this));
  forget_hints(*this);
  description.forget();
  close_fifo(*this);
  file_put(file);
}

File* file_of_descriptor(pid_t tid, int fd) noexcept {
  if (channels.empty()) return nullptr;
  Hint& hint = hint_of(tid, fd);
  if (hint.channel != nullptr && hint.tid == tid && hint.fd == fd &&
      hint.channel->description.is(tid, fd)) {
    return &hint.channel->file;
  }
  const auto found = channels.find(status_of_descriptor(tid, fd).inode);
  if (found == channels.end()) return nullptr;
  hint = {tid, fd, &*found};
  return &found->file;
}

File* file_of_inode(const Inode& inode) noexcept {
  const auto found = channels.find(inode);
  return found != channels.end() ? &found->file : nullptr;
}

bool any_file() noexcept { return !all_channels.empty(); }

int& file_status_flags(File& file) noexcept { return channel_of(file).status_flags; }

// A File's users are its descriptors, all together, and the calls in it.
class FileTable {
 public:
  static int& users(File& file) noexcept { return file.users_; }
};

void file_get(File& file) noexcept { ++FileTable::users(file); }

void file_put(File& file) noexcept {
  if (--FileTable::users(file) > 0) return;
  Channel& channel = channel_of(file);
  file.operations.release(file);
  all_channels.erase(all_channels.iterator_to(channel));
  channel_cache.destroy(&channel);
}

void files_task_exit(Task& me) noexcept {
  for (Channel& channel : all_channels) {
    me.syscall_file.store(&channel.file, std::memory_order_relaxed);
    channel.file.operations.task_exit(channel.file, me);
    me.syscall_file.store(nullptr, std::memory_order_relaxed);
  }
}

}  // namespace ums::kernel
