module lab.example/mirror

go 1.24.0
