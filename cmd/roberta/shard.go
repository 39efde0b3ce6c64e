package main

import (
	"strconv"
	"strings"
)

// A shard is the lines i, i+n, i+2n and so on of an input: one of n parts of it, counted
// from 1, for as many processes or machines. split -n r/i/n of GNU deals them out in the
// same way. No part has to know how long the input is, and a line of each in turn puts
// results together again.
type shard struct{ i, n int }

// maxShards is far above what anybody has, and keeps sums in range.
const maxShards = 1 << 30

// whole is all of an input.
var whole = shard{1, 1}

// parseShard reads the value of --shard.
func parseShard(s string) (shard, error) {
	first, second, _ := strings.Cut(s, "/")
	i, err := strconv.Atoi(first)
	n, errN := strconv.Atoi(second)
	if err != nil || errN != nil || n < 1 || i < 1 || i > n || n > maxShards {
		return whole, usagef("--shard %.100s: want I/N, I from 1 to N: 1/4, 2/4, 3/4 and 4/4 are all of an input", s)
	}
	return shard{i, n}, nil
}

// has says whether a line is of the part. Lines count from 1.
func (s shard) has(line int) bool { return (line-1)%s.n == s.i-1 }

// index is the number of the line, from 0, that is at that place of the part, from 0.
func (s shard) index(place int) int { return place*s.n + s.i - 1 }

// place is the place in the part of the line with that number, both from 0.
func (s shard) place(index int) int { return index / s.n }

// count is how many of an input's lines the part has.
func (s shard) count(lines int) int { return (lines - s.i + s.n) / s.n }
