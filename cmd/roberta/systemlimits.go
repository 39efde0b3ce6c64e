package main

import (
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

// fromSystem reads what Linux tells in files; elsewhere there are none.
//
// References: Documentation/admin-guide/cgroup-v2.rst (cpu.max, memory.max) and
// cgroup-v1 (cpu.cfs_quota_us, memory.limit_in_bytes) of Linux.
func (l *doctorLimits) fromSystem(root fs.FS) {
	if kB, ok := field(root, "proc/meminfo", "MemTotal:"); ok {
		if n, err := strconv.ParseInt(strings.TrimSuffix(kB, " kB"), 10, 64); err == nil {
			n *= 1024
			l.MemoryTotal = &n
		}
	}
	groups, _ := fs.ReadFile(root, "proc/self/cgroup")
	for line := range strings.Lines(string(groups)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 {
			continue
		}
		// A limit of a group holds for those inside it.
		for group := path.Clean("/" + f[2]); ; group = path.Dir(group) {
			if f[1] == "" { // version 2
				at := path.Join("sys/fs/cgroup", group)
				if quota, period, ok := strings.Cut(content(root, at+"/cpu.max"), " "); ok {
					l.quota(quota, period)
				}
				l.memory(content(root, at+"/memory.max"))
			} else {
				at := path.Join("sys/fs/cgroup", strings.Split(f[1], ",")[0], group)
				l.quota(content(root, at+"/cpu.cfs_quota_us"), content(root, at+"/cpu.cfs_period_us"))
				l.memory(content(root, at+"/memory.limit_in_bytes"))
			}
			if group == "/" {
				break
			}
		}
	}
}

// quota keeps the smallest share of CPUs.
func (l *doctorLimits) quota(quota, period string) {
	q, err1 := strconv.ParseFloat(quota, 64)
	p, err2 := strconv.ParseFloat(period, 64)
	if err1 != nil || err2 != nil || q <= 0 || p <= 0 {
		return // max, or -1
	}
	if share := q / p; l.CPUQuota == nil || share < *l.CPUQuota {
		l.CPUQuota = &share
	}
}

// memory keeps the smallest limit.
func (l *doctorLimits) memory(limit string) {
	n, err := strconv.ParseInt(limit, 10, 64)
	const none = 1 << 60 // what version 1 has in place of no limit is a little below 1<<63
	if err != nil || n >= none {
		return
	}
	if l.MemoryQuota == nil || n < *l.MemoryQuota {
		l.MemoryQuota = &n
	}
}

func content(root fs.FS, name string) string {
	data, _ := fs.ReadFile(root, strings.TrimPrefix(name, "/"))
	return strings.TrimSpace(string(data))
}

// field is the value of the first line of a file that begins with a name.
func field(root fs.FS, file, name string) (value string, ok bool) {
	data, _ := fs.ReadFile(root, file)
	for line := range strings.Lines(string(data)) {
		if v, ok := strings.CutPrefix(line, name); ok {
			return strings.TrimSpace(v), true
		}
	}
	return "", false
}

// cpuName is what Linux calls the processor.
func cpuName() string {
	name, _ := field(os.DirFS("/"), "proc/cpuinfo", "model name")
	return strings.TrimSpace(strings.TrimPrefix(name, ":"))
}
