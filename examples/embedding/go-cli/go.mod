module example.org/kbctl

go 1.24

require (
	example.org/libkb v0.0.0
	github.com/spf13/cobra v1.10.2
)

require (
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/spf13/pflag v1.0.9 // indirect
)

replace example.org/libkb => ../../../bindings/go
