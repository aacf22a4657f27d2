// SPDX-License-Identifier: Apache-2.0

//go:build asan

package kb_test

// AddressSanitizer keeps what was freed for a while, and looks for leaks itself at the end.
func init() { isMemoryKept = true }
