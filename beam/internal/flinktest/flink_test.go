//go:build linux

package flinktest

import "testing"

func TestStart(t *testing.T) {
	c := Start(t, 2, 2)
	if jobs := c.Jobs(t); len(jobs) != 0 {
		t.Errorf("a new cluster has jobs: %v", jobs)
	}
}
