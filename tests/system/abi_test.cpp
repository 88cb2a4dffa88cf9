// SPDX-License-Identifier: Apache-2.0
//
// The application binary interface: numbers, sizes and offsets that a program built against the
// original's headers relies on.
#include <gtest/gtest.h>
#include <ums.h>
#include <ums/ums_ioctl.h>

#include <cstddef>
#include <cstring>
#include <type_traits>

namespace ums::test {
namespace {

// "ioctl numbers (magic 0xF0)"
static_assert(IOCTL_CREATE_UMS_CLIST == 0x8008f001);
static_assert(IOCTL_ENTER_UMS == 0x4008f002);
static_assert(IOCTL_UMS_SCHED_DQEVENT == 0x8008f003);
static_assert(IOCTL_DEQUEUE_UMS_CLIST == 0xc008f004);
static_assert(IOCTL_NEXT_UMS_CTX_LIST == 0xc008f005);
static_assert(IOCTL_EXEC_UMS_CTX == 0x4004f006);
static_assert(IOCTL_UMS_YIELD == 0x4008f007);
static_assert(IOCTL_EXIT_UMS == 0x0000f008);
static_assert(IOCTL_DELETE_UMS_CLIST == 0x4004f009);

// "Types (header ums/ums_ioctl.h)"
static_assert(std::is_same_v<ums_comp_list_id_t, int>);
static_assert(sizeof(enter_ums_mode_args) == 8 && offsetof(enter_ums_mode_args, flags) == 0 &&
              offsetof(enter_ums_mode_args, ums_complist) == 4);
static_assert(sizeof(ums_thread_yield_args) == 16 &&
              offsetof(ums_thread_yield_args, context) == 0 &&
              offsetof(ums_thread_yield_args, scheduler_params) == 8);
static_assert(sizeof(ums_thread_end_args) == 4 && offsetof(ums_thread_end_args, context) == 0);
static_assert(sizeof(ums_sched_event) == 24 && offsetof(ums_sched_event, type) == 0 &&
              offsetof(ums_sched_event, yield_params) == 8 &&
              offsetof(ums_sched_event, end_params) == 8);
static_assert(sizeof(dequeue_ums_complist_args) == 8 &&
              offsetof(dequeue_ums_complist_args, ums_complist) == 0 &&
              offsetof(dequeue_ums_complist_args, ums_context) == 4);
static_assert(sizeof(ums_next_context_list_args) == 8 &&
              offsetof(ums_next_context_list_args, ums_context) == 0 &&
              offsetof(ums_next_context_list_args, ums_next_context) == 4);

// "Constants"
static_assert(ENTER_UMS_SCHED == 0x1 && ENTER_UMS_WORK == 0x2 && UMS_IOC_MAGIC == 0xF0);
static_assert(SCHEDULER_STARTUP == 0 && THREAD_YIELD == 1 && THREAD_TERMINATED == 2);
static_assert(std::is_same_v<ums_sched_event_type_t, enum ums_sched_event_type_e>);
static_assert(sizeof(ums_sched_event_type_t) == 4);

// "The user library": its types
static_assert(std::is_same_v<ums_context_t, pid_t> && std::is_same_v<ums_completion_list_t, int>);
static_assert(std::is_union_v<ums_activation_t> && offsetof(ums_activation_t, context) == 0);
static_assert(std::is_same_v<ums_reason_t, enum ums_reason_e>);
static_assert(UMS_SCHEDULER_STARTUP == 0 && UMS_SCHEDULER_THREAD_YIELD == 1 &&
              UMS_SCHEDULER_THREAD_END == 2);
static_assert(
    std::is_same_v<ums_scheduler_entry_point_t, void (*)(ums_reason_t, ums_activation_t*, void*)>);
static_assert(offsetof(ums_scheduler_startup_info_t, completion_list) == 0 &&
              offsetof(ums_scheduler_startup_info_t, ums_scheduler_entry_point) == 8 &&
              offsetof(ums_scheduler_startup_info_t, scheduler_param) == 16);
static_assert(offsetof(ums_attr_t, completion_list) == 0 &&
              offsetof(ums_attr_t, pthread_attr) == 8);

// "also #defined to themselves"
#if !defined(UMS_SCHEDULER_STARTUP) || !defined(UMS_SCHEDULER_THREAD_YIELD) || \
    !defined(UMS_SCHEDULER_THREAD_END)
#error "the reasons are not defined"
#endif

// "The user library": its functions
static_assert(
    std::is_same_v<decltype(&create_ums_completion_list), int (*)(ums_completion_list_t*)>);
static_assert(
    std::is_same_v<decltype(&delete_ums_completion_list), int (*)(ums_completion_list_t*)>);
static_assert(std::is_same_v<decltype(&ums_pthread_create),
                             int (*)(pthread_t*, ums_attr_t*, void* (*)(void*), void*)>);
static_assert(
    std::is_same_v<decltype(&enter_ums_scheduling_mode), int (*)(ums_scheduler_startup_info_t*)>);
static_assert(std::is_same_v<decltype(&dequeue_ums_completion_list_items),
                             int (*)(ums_completion_list_t, ums_context_t*)>);
static_assert(std::is_same_v<decltype(&get_next_ums_list_item), ums_context_t (*)(ums_context_t)>);
static_assert(std::is_same_v<decltype(&execute_ums_thread), int (*)(ums_context_t)>);
static_assert(std::is_same_v<decltype(&ums_thread_yield), int (*)(void*)>);

TEST(Abi, DeviceName) { EXPECT_STREQ(UMS_DEV_NAME, "ums"); }

}  // namespace
}  // namespace ums::test
