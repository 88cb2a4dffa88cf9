// SPDX-License-Identifier: Apache-2.0
//
// WorkerList: workers in order, linked through themselves (Linux: list_head). The hook says nothing
// about which list a worker is in; its state and its Complist do.
//
// Thread safety: the lock of the Complist.
#pragma once

#include <boost/intrusive/slist.hpp>

namespace ums::kernel {

struct Worker;

// The part of a Worker that lists see.
using WorkerNode =
    boost::intrusive::slist_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>;

// Singly linked with a pointer to the last: whole lists move in constant time.
using WorkerList =
    boost::intrusive::slist<WorkerNode, boost::intrusive::constant_time_size<false>,
                            boost::intrusive::linear<true>, boost::intrusive::cache_last<true>>;

}  // namespace ums::kernel
