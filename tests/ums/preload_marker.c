// SPDX-License-Identifier: Apache-2.0
//
// A library that does nothing, for tests of how one is preloaded.
int ums_preload_marker;
