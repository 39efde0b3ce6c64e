// Package parallel runs the items of one operation on a fixed set of workers.
//
// A Pool has no queue of its own: Run offers the operation to idle workers,
// takes part in it, and returns when every item is done. Items are claimed one
// at a time from an atomic counter, so a worker that is held up by the rest of
// the machine costs at most one item. Which worker computes which item is not
// fixed; callers that promise equal results must make items independent.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// A Pool is a fixed set of workers. Its methods may be called from any number
// of goroutines at once. The zero Pool and the nil Pool run everything in the
// calling goroutine.
type Pool struct {
	threads int
	offers  chan *task
	close   sync.Once
	stopped chan struct{}
	workers sync.WaitGroup
}

// A task is one call of Run: n items, claimed through next.
type task struct {
	n       int64
	f       func(slot, item int)
	next    atomic.Int64
	slots   atomic.Int64
	left    atomic.Int64
	done    chan struct{}
	panicMu sync.Mutex
	panics  any
}

// New returns a pool that computes with at most threads goroutines at a time
// for one call of Run, the caller's included. threads < 1 stands for
// GOMAXPROCS, which follows the container's CPU quota.
func New(threads int) *Pool {
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	p := &Pool{threads: threads, offers: make(chan *task), stopped: make(chan struct{})}
	for range threads - 1 {
		p.workers.Go(p.work)
	}
	return p
}

// Threads is the number of goroutines that one call of Run may use.
func (p *Pool) Threads() int {
	if p == nil || p.threads < 1 {
		return 1
	}
	return p.threads
}

// Close ends the workers and waits for them. Run still works afterwards, in
// the calling goroutine alone. Close may be called more than once.
func (p *Pool) Close() {
	if p == nil || p.stopped == nil {
		return
	}
	p.close.Do(func() { close(p.stopped) })
	p.workers.Wait()
}

func (p *Pool) work() {
	for {
		select {
		case t := <-p.offers:
			t.run()
		case <-p.stopped:
			return
		}
	}
}

// Run calls f for the items 0 … n-1, each once, and returns when all calls
// have returned. slot, below Threads(), tells apart the goroutines that take
// part, so that each can have scratch memory of its own. If an item panics, Run
// panics with the first value, once every item that was begun has ended.
func (p *Pool) Run(n int, f func(slot, item int)) {
	if n <= 0 {
		return
	}
	if n == 1 || p.Threads() == 1 {
		for i := range n {
			f(0, i)
		}
		return
	}
	t := &task{n: int64(n), f: f, done: make(chan struct{})}
	t.left.Store(int64(n))
offer:
	for range min(n, p.threads) - 1 {
		select {
		case p.offers <- t:
		default:
			break offer // no idle worker: other callers keep them busy
		}
	}
	t.run()
	<-t.done
	if t.panics != nil {
		panic(t.panics)
	}
}

func (t *task) run() {
	slot := int(t.slots.Add(1) - 1)
	for {
		i := t.next.Add(1) - 1
		if i >= t.n {
			return
		}
		t.item(slot, int(i))
	}
}

func (t *task) item(slot, i int) {
	defer func() {
		if r := recover(); r != nil {
			t.panicMu.Lock()
			if t.panics == nil {
				t.panics = r
			}
			t.panicMu.Unlock()
		}
		if t.left.Add(-1) == 0 {
			close(t.done)
		}
	}()
	t.f(slot, i)
}
