module lab.example/pod

go 1.24.0
