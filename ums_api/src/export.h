// SPDX-License-Identifier: Apache-2.0
//
// UMS_EXPORT: a C function that libums.so shows to programs; libums.map names it too.
#pragma once

#define UMS_EXPORT extern "C" __attribute__((visibility("default")))
