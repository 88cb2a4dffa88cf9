// SPDX-License-Identifier: Apache-2.0
//
// A statically linked program.
int main(void) { return 0; }
