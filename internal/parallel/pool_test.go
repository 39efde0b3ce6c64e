package parallel

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

func TestRunCallsEveryItemOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 7} {
		for _, n := range []int{0, 1, 2, 13, 1000} {
			t.Run(fmt.Sprintf("threads=%d/n=%d", threads, n), func(t *testing.T) {
				p := New(threads)
				defer p.Close()
				calls := make([]atomic.Int32, n)
				p.Run(n, func(slot, i int) {
					if slot < 0 || slot >= threads {
						t.Errorf("slot %d with %d threads", slot, threads)
					}
					calls[i].Add(1)
				})
				for i := range calls {
					if got := calls[i].Load(); got != 1 {
						t.Errorf("item %d ran %d times, want once", i, got)
					}
				}
			})
		}
	}
}

func TestRunFromManyGoroutines(t *testing.T) {
	p := New(3)
	defer p.Close()
	var wg sync.WaitGroup
	var sum atomic.Int64
	for range 64 {
		wg.Go(func() {
			for range 20 {
				p.Run(10, func(_, i int) { sum.Add(int64(i)) })
			}
		})
	}
	wg.Wait()
	if got, want := sum.Load(), int64(64*20*45); got != want {
		t.Errorf("sum of all items = %d, want %d", got, want)
	}
}

func TestRunPassesPanicsOn(t *testing.T) {
	p := New(2)
	defer p.Close()
	var ran atomic.Int32
	defer func() {
		if r := recover(); r != "item 3" {
			t.Errorf("Run panicked with %v, want %q", r, "item 3")
		}
		if got := ran.Load(); got != 8 {
			t.Errorf("%d items ran, want 8", got)
		}
	}()
	p.Run(8, func(_, i int) {
		ran.Add(1)
		if i == 3 {
			panic("item 3")
		}
	})
}

func TestRunAfterClose(t *testing.T) {
	p := New(2)
	p.Close()
	p.Close()
	n := 0
	p.Run(1, func(int, int) { n++ })
	var m atomic.Int32
	p.Run(5, func(int, int) { m.Add(1) })
	if n != 1 || m.Load() != 5 {
		t.Errorf("after Close %d and %d items ran, want 1 and 5", n, m.Load())
	}
}

func join(t *testing.T, p *Pool) {
	t.Helper()
	if err := p.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestTurns: no more callers than threads, and who waits can give up.
func TestTurns(t *testing.T) {
	p := New(2)
	defer p.Close()
	join(t, p)
	join(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Join(ctx) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("a third caller's Join returns %v, want that it was cancelled", err)
	}
	go func() { done <- p.Join(t.Context()) }()
	p.Leave()
	if err := <-done; err != nil {
		t.Errorf("Join after a Leave: %v", err)
	}
}

func TestFair(t *testing.T) {
	p := New(4)
	defer p.Close()
	for callers, want := range []*Pool{p, p, p, nil, nil} {
		if callers > 0 {
			join(t, p)
		}
		if got := p.Fair(); got != want {
			t.Errorf("with %d callers Fair() = %p, want %p", callers, got, want)
		}
	}
	for range 2 {
		p.Leave()
	}
	if p.Fair() != p {
		t.Error("Fair() is nil though callers have left")
	}
	one := New(2)
	defer one.Close()
	join(t, one)
	if one.Fair() != one {
		t.Error("a single caller does not get the pool")
	}
	for _, p := range []*Pool{nil, {}} {
		join(t, p)
		join(t, p)
		if p.Fair() != p {
			t.Errorf("Fair() of a pool without workers is another")
		}
		p.Leave()
	}
}
