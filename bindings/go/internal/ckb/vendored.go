// SPDX-License-Identifier: Apache-2.0

//go:build libkb_vendored

package ckb

// With the tag libkb_vendored libkb is linked statically, from the tree that this package lies in: bindings/go/vendored.sh builds it there.

/*
#cgo CFLAGS: -I${SRCDIR}/../../../../include
#cgo LDFLAGS: ${SRCDIR}/../../../../build/go-vendored/libkb.a
#cgo pkg-config: yaml-0.1 libcurl libssh2 libcrypto
#cgo LDFLAGS: -pthread
*/
import "C"
