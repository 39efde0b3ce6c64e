package main

import (
	"io"
	"sync"
	"time"
)

// A progress is a line on a terminal that says how far a command is. Other messages
// to stderr are written through it, because the line has to be cleared first.
type progress struct {
	stderr io.Writer
	flags  *commonFlags

	mu    sync.Mutex
	shown bool
	next  time.Time // when the line may change
}

// progressInterval is how long a progress line stays, so that it can be read.
const progressInterval = 200 * time.Millisecond

// show shows the line that text returns. It calls text only if stderr is a terminal
// and the line before has stood long enough.
func (p *progress) show(text func() string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Before(p.next) {
		return
	}
	p.next = now.Add(progressInterval)
	if p.flags.Quiet || !isTerminal(p.stderr) {
		return
	}
	io.WriteString(p.stderr, "\r\x1b[K"+text())
	p.shown = true
}

// clear clears the line.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clearLocked()
}

func (p *progress) clearLocked() {
	if p.shown {
		io.WriteString(p.stderr, "\r\x1b[K")
		p.shown = false
	}
}

// Write writes a message to stderr.
func (p *progress) Write(message []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clearLocked()
	return p.stderr.Write(message)
}
