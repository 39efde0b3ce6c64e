package roberta

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/goroberta/goroberta/internal/nn"
	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/weights"
)

// A Model is a RoBERTa checkpoint, ready to run.
//
// It is immutable apart from its classification heads. All methods may be
// called from any number of goroutines at once; equal input gives equal bits,
// whatever runs beside it. Close waits for calls that are running.
type Model struct {
	resources
	cleanup runtime.Cleanup // closes the resources of a Model that nobody refers to

	source           *checkpoint // what the model was made from; Save writes it again
	cfg              Config
	enc              *nn.Encoder
	lm               *nn.LMHead // nil without
	pooler           *nn.Linear // of Hugging Face's models, before its tanh; nil without
	hasLM, hasPooler bool
	tok              tokenizer.Tokenizer // nil without a vocabulary
	noTok            error               // why tok is nil
	info             tokenizer.Info      // of tok
	log              *slog.Logger
	notes            []string

	plainText bool // see WithPlainText
	precision Precision

	headsMu sync.Mutex // held by registrations; readers load the map
	heads   atomic.Pointer[map[string]*head]
	loaded  map[string]*head // the heads of the file

	running sync.RWMutex // held for reading by calls, for writing by Close
	closed  bool
}

// Open opens a checkpoint: fairseq's model.pt, a release archive (.tar.gz), a
// .safetensors file, or a directory with any of these or with a Hugging Face
// model. The form is found from the content; the name does not matter.
//
// The vocabulary is looked for in the checkpoint and beside it; a checkpoint of
// GPT-2's full vocabulary needs none. See package weights for the forms and for
// the errors about files; ErrModel is returned, with the tensor or setting at
// fault, if tensors and settings do not make a model.
func Open(path string, opts ...Option) (*Model, error) {
	return open(opts, func(o []weights.Option) (*weights.Checkpoint, error) { return weights.Open(path, o...) })
}

// OpenFS is Open for a file or directory of a file system, such as an embed.FS.
func OpenFS(fsys fs.FS, name string, opts ...Option) (*Model, error) {
	return open(opts, func(o []weights.Option) (*weights.Checkpoint, error) { return weights.OpenFS(fsys, name, o...) })
}

// Load opens a checkpoint file from r, of size bytes. r must stay readable
// until Close.
func Load(r io.ReaderAt, size int64, opts ...Option) (*Model, error) {
	return open(opts, func(o []weights.Option) (*weights.Checkpoint, error) {
		return weights.Load(r, size, "checkpoint", o...)
	})
}

func open(opts []Option, openFile func([]weights.Option) (*weights.Checkpoint, error)) (*Model, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	if err := simd.Err(); err != nil {
		return nil, fmt.Errorf("roberta: %w", err)
	}
	file, err := openFile(o.weights)
	if err != nil {
		return nil, err
	}
	m := &Model{resources: resources{parallel.New(o.threads), file}, log: o.log, plainText: o.plainText}
	if err := file.Guard(func() error { return m.load(o) }); err != nil {
		m.resources.close()
		return nil, named(file.Path, err)
	}
	m.cleanup = runtime.AddCleanup(m, func(r resources) { r.close() }, m.resources)
	for _, n := range m.notes {
		m.log.Info(n, "checkpoint", file.Path)
	}
	return m, nil
}

// load makes the model from its file.
func (m *Model) load(o *options) (err error) {
	if m.source, err = newCheckpoint(m.file); err != nil {
		return err
	}
	c := m.source
	if m.precision, err = c.precision(o.precision); err != nil {
		return err
	}
	if c.guess != "" {
		m.log.Warn(c.guess, "checkpoint", m.file.Path) // results depend on it
	}
	m.cfg, m.hasLM, m.notes = c.config, c.hasLM, c.notes
	var vocabulary sync.WaitGroup // a large one takes as long to read as the weights
	vocabulary.Go(func() {
		if err := m.file.Guard(func() error {
			m.tok, m.info, m.noTok = c.tokenizer(m.plainText)
			return nil
		}); err != nil {
			m.tok, m.noTok = nil, vocabularyError{err}
		}
	})
	n, err := load(o.ctx, c, m.precision, m.pool, nil)
	vocabulary.Wait()
	if err != nil {
		return err
	}
	m.enc, m.lm, m.pooler, m.loaded = n.enc, n.lm, n.pooler, n.heads
	m.hasPooler = n.pooler != nil
	m.file.DropPages() // matrices are packed; of the file only the embedding is still read
	m.enc.Prepare()
	m.heads.Store(&m.loaded)
	m.notes = append(m.notes, m.info.Notes...)
	if m.noTok != nil {
		m.notes = append(m.notes, strings.TrimPrefix(m.noTok.Error(), "roberta: "))
	}
	return nil
}

// resources are what a model must give back: the workers of its pool, and its file
// with the memory map.
type resources struct {
	pool *parallel.Pool
	file *weights.Checkpoint
}

func (r resources) close() error {
	r.pool.Close()
	return r.file.Close()
}

// enter begins a call; leave ends it.
func (m *Model) enter() error {
	m.running.RLock()
	if m.closed {
		m.running.RUnlock()
		return ErrClosed
	}
	return nil
}

func (m *Model) leave() { m.running.RUnlock() }

// Close waits for calls that are running and gives the model's memory and file
// back. Methods that compute return ErrClosed from then on. Close may be called
// more than once. A Model that is dropped without Close is closed some time after
// the garbage collector has found it.
func (m *Model) Close() error {
	m.running.Lock()
	defer m.running.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	m.cleanup.Stop()
	m.enc, m.lm, m.pooler, m.source = nil, nil, nil, nil // the memory goes even if the Model is kept
	return m.resources.close()
}

// Config returns the settings that decide what the model computes.
func (m *Model) Config() Config {
	c := m.cfg
	c.LayersKept = slices.Clone(c.LayersKept)
	return c
}

// Notes are remarks on the checkpoint that its user should know, such as parts
// of the file that were left out.
func (m *Model) Notes() []string { return slices.Clone(m.notes) }

// HasLMHead says whether the checkpoint has a language-model head, which
// FillMask, LMLogits and DisambiguatePronoun need.
func (m *Model) HasLMHead() bool { return m.hasLM }

// HasPooler says whether the checkpoint has a pooler, which WantPooler needs.
func (m *Model) HasPooler() bool { return m.hasPooler }

// Tokenizer returns the model's tokenizer. The error wraps ErrNoVocabulary: it says
// where one was looked for, or which file is at fault.
func (m *Model) Tokenizer() (tokenizer.Tokenizer, error) { return m.tok, m.noTok }

// TokenizerInfo says where the model's tokenizer came from and what its files say of
// lengths. It is the zero Info if Tokenizer returns an error. The caller must not change
// what its pointers and slices refer to.
func (m *Model) TokenizerInfo() tokenizer.Info { return m.info }
