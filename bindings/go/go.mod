module example.org/libkb

go 1.24
