module github.com/twinday/twinday

go 1.26.0
