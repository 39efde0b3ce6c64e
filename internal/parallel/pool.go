// Package parallel runs the items of one operation on a fixed set of workers.
//
// Run shows the operation to the workers, takes part in it, and returns when
// every item is done. Items are claimed one at a time from an atomic counter, so
// a worker that is held up by the rest of the machine costs at most one item.
// Which worker computes which item is not fixed; callers that promise equal
// results must make items independent.
//
// A transformer runs a hundred short operations one after another, and waking a parked
// goroutine takes about as long as the shortest of them. So workers spin for a moment
// before they park, and a caller that waits for the last items does too. An idle pool
// uses no processor.
package parallel

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// spinTime is how long a goroutine spins before it parks. It is longer than most
// waits for the last item of an operation, and four times as long as waking a
// goroutine takes in a virtual machine (50 µs). With 30 µs, short inputs on two
// threads took 7 % longer.
const spinTime = 200 * time.Microsecond

// A Pool is a fixed set of workers. Its methods may be called from any number
// of goroutines at once. The zero Pool and the nil Pool run everything in the
// calling goroutine.
type Pool struct {
	threads  int
	turns    chan struct{}        // holds one element for each caller that has joined
	latest   atomic.Pointer[task] // the task that spinning and woken workers look at
	spinning atomic.Int32         // how many workers spin
	wake     chan struct{}        // an element wakes one parked worker; too many do no harm
	close    sync.Once
	stopped  chan struct{}
	workers  sync.WaitGroup
}

// A task is one call of Run.
type task struct {
	n       int64
	f       func(slot, item int)
	next    atomic.Int64 // the next item to claim
	slots   atomic.Int64 // how many goroutines take part
	left    atomic.Int64 // items that have not ended
	done    sync.WaitGroup
	panicMu sync.Mutex
	panics  any // the value of the first panic
}

// New returns a pool that computes with at most threads goroutines at a time
// for one call of Run, the caller's included. threads < 1 stands for
// GOMAXPROCS, which follows the container's CPU quota.
func New(threads int) *Pool {
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	p := &Pool{threads: threads, turns: make(chan struct{}, threads), wake: make(chan struct{}, threads), stopped: make(chan struct{})}
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

// Join waits for the caller's turn to compute, which ends with Leave. At most as many
// callers as there are threads have their turn at a time, because more would only wait
// for processors while they hold memory. The others wait in the order they came. If ctx
// ends first, Join returns its error, and Leave must not be called. In the zero and the
// nil Pool no caller waits.
func (p *Pool) Join(ctx context.Context) error {
	if p == nil || p.turns == nil {
		return ctx.Err()
	}
	select {
	case p.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Leave ends the turn that Join began.
func (p *Pool) Leave() {
	if p != nil && p.turns != nil {
		<-p.turns
	}
}

// Fair returns the pool, or nil, meaning "compute alone", once several callers have
// joined and occupy more than half of the threads: all are done sooner then, because
// no thread waits for others at the end of each operation. The answer changes as
// callers come and go.
func (p *Pool) Fair() *Pool {
	if p == nil {
		return nil
	}
	if n := len(p.turns); n > 1 && 2*n > p.Threads() {
		return nil
	}
	return p
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
	// If a mapped file was cut short, a read beyond its end panics instead of ending the
	// process. Run passes the panic to its caller.
	debug.SetPanicOnFault(true)
	for {
		p.spinning.Add(1)
		spin(p.offered)
		p.spinning.Add(-1)
		// No task is missed: Run stores latest before it reads spinning, and this worker
		// lowers spinning before it reads latest again. Either Run wakes the worker, or
		// the worker sees the task.
		if p.offered() {
			if t := p.latest.Load(); t != nil {
				t.run()
			}
			continue
		}
		select {
		case <-p.wake:
		case <-p.stopped:
			return
		}
	}
}

// offered says whether there are items to claim.
func (p *Pool) offered() bool {
	t := p.latest.Load()
	return t != nil && t.next.Load() < t.n
}

// spin returns once ready returns true, or after spinTime.
func spin(ready func() bool) {
	start := time.Now()
	for i := 1; !ready(); i++ {
		if i%64 == 0 {
			if time.Since(start) > spinTime {
				return
			}
			runtime.Gosched()
		}
	}
}

// Run calls f for the items 0 … n-1, each once, and returns when all calls have
// returned. Each goroutine that takes part has a slot of its own, a number below
// Threads(), which selects its scratch memory. If a call panics, Run panics with the
// first value, after every call that has begun has ended.
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
	t := &task{n: int64(n), f: f}
	t.left.Store(int64(n))
	t.done.Add(1)
	p.latest.Store(t)
wake:
	for range min(n, p.threads) - 1 - int(p.spinning.Load()) {
		select {
		case p.wake <- struct{}{}:
		default:
			break wake // there is an element for every worker already
		}
	}
	t.run()
	spin(func() bool { return t.left.Load() == 0 })
	t.done.Wait()
	p.latest.CompareAndSwap(t, nil) // or the pool would keep what f refers to
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
			t.done.Done()
		}
	}()
	t.f(slot, i)
}
