package main

import (
	"reflect"
	"testing"
	"testing/fstest"
)

func TestSystemLimits(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	number := func(n int64) *int64 { return &n }
	share := func(x float64) *float64 { return &x }
	for _, tt := range []struct {
		name  string
		files fstest.MapFS
		want  doctorLimits
	}{
		{"nothing", fstest.MapFS{}, doctorLimits{}},
		{"version 2", fstest.MapFS{
			"proc/meminfo":                 file("MemFree: 1 kB\nMemTotal:       2048 kB\n"),
			"proc/self/cgroup":             file("0::/a/b\n"),
			"sys/fs/cgroup/a/b/cpu.max":    file("max 100000\n"),
			"sys/fs/cgroup/a/cpu.max":      file("150000 100000\n"),
			"sys/fs/cgroup/a/b/memory.max": file("1000\n"),
			"sys/fs/cgroup/a/memory.max":   file("max\n"),
			"sys/fs/cgroup/memory.max":     file("500\n"),
		}, doctorLimits{CPUQuota: share(1.5), MemoryTotal: number(2 << 20), MemoryQuota: number(500)}},
		{"version 1", fstest.MapFS{
			"proc/self/cgroup":                             file("4:memory:/x\n3:cpu,cpuacct:/x\nbad\n"),
			"sys/fs/cgroup/cpu/x/cpu.cfs_quota_us":         file("50000\n"),
			"sys/fs/cgroup/cpu/x/cpu.cfs_period_us":        file("100000\n"),
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us":           file("-1\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes":   file("9223372036854771712\n"),
			"sys/fs/cgroup/memory/x/memory.limit_in_bytes": file("4096\n"),
		}, doctorLimits{CPUQuota: share(0.5), MemoryQuota: number(4096)}},
	} {
		var got doctorLimits
		if got.fromSystem(tt.files); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
