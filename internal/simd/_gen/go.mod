module github.com/goroberta/goroberta/internal/simd/_gen

go 1.26.0
