module example.org/libkb/examples

go 1.24

require example.org/libkb v0.0.0

replace example.org/libkb => ../../bindings/go
