package robertabeam

import (
	"fmt"
	"sync"
	"time"

	"github.com/goroberta/goroberta/roberta"
)

// openers are the models that have names.
var openers = map[string]func(...roberta.Option) (*roberta.Model, error){}

// RegisterModel gives a model a name that Config.Model can have instead of a path, as for
// a model inside the program. Call it in a function init of the program that is also the
// workers'. It panics for a name that is taken.
func RegisterModel(name string, open func(...roberta.Option) (*roberta.Model, error)) {
	if openers[name] != nil {
		panic(fmt.Sprintf("robertabeam: model %q is registered twice", name))
	}
	openers[name] = open
}

// A source is what one opened model of the process is told from others by.
type source struct {
	model     string
	threads   int
	precision string // "": the file's
}

func (c Config) source() source {
	s := source{model: c.Model, threads: c.Threads}
	if c.Precision != nil {
		s.precision = c.Precision.String()
	}
	return s
}

// A shared is a model that all bundles of a process use.
type shared struct {
	users int
	ready chan struct{} // closed when model or err is set
	model *roberta.Model
	err   error
	load  time.Duration
}

var (
	sharedMu sync.Mutex
	models   = map[source]*shared{}
)

// acquire returns the model of the process, and opens it if no other user has it. First
// says that this call did.
func acquire(c Config) (s *shared, first bool, err error) {
	key := c.source()
	sharedMu.Lock()
	s = models[key]
	if first = s == nil; first {
		s = &shared{ready: make(chan struct{})}
		models[key] = s
	}
	s.users++
	sharedMu.Unlock()
	if first {
		s.open(key)
	}
	<-s.ready
	return s, first, s.err
}

// open opens the model. If that fails, or panics, the next user tries again, and those who
// wait have an error.
func (s *shared) open(key source) {
	s.err = fmt.Errorf("robertabeam: model %q: opening it panicked", key.model)
	defer func() {
		if s.err != nil {
			sharedMu.Lock()
			delete(models, key)
			sharedMu.Unlock()
		}
		close(s.ready)
	}()
	start := time.Now()
	s.model, s.err = openModel(key)
	s.load = time.Since(start)
}

// release gives up what acquire returned. The last user closes the model.
func release(c Config) error {
	key := c.source()
	sharedMu.Lock()
	s := models[key]
	if s == nil {
		sharedMu.Unlock()
		return nil
	}
	if s.users--; s.users > 0 {
		sharedMu.Unlock()
		return nil
	}
	delete(models, key)
	sharedMu.Unlock()
	return s.model.Close()
}

func openModel(key source) (*roberta.Model, error) {
	var opts []roberta.Option
	if key.threads != 0 {
		opts = append(opts, roberta.WithThreads(key.threads))
	}
	if key.precision != "" {
		var p roberta.Precision
		if err := p.UnmarshalText([]byte(key.precision)); err != nil {
			return nil, fmt.Errorf("robertabeam: model %q: %w", key.model, err)
		}
		opts = append(opts, roberta.WithPrecision(p))
	}
	if named := openers[key.model]; named != nil {
		m, err := named(opts...)
		if err != nil {
			return nil, fmt.Errorf("robertabeam: model %q: %w", key.model, err)
		}
		return m, nil
	}
	m, err := roberta.Open(key.model, opts...)
	if err != nil {
		return nil, fmt.Errorf("robertabeam: model %q: %w", key.model, err)
	}
	return m, nil
}
