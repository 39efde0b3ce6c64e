package roberta

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
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
	cfg   Config
	enc   *nn.Encoder
	lm    *nn.LMHead // nil without
	hasLM bool
	tok   tokenizer.Tokenizer // nil without a vocabulary
	noTok error               // why tok is nil
	pool  *parallel.Pool
	ckpt  *weights.Checkpoint
	log   *slog.Logger
	notes []string

	headsMu sync.Mutex // held by registrations; readers load the map
	heads   atomic.Pointer[map[string]*head]

	running sync.RWMutex // held for reading by calls, for writing by Close
	closed  bool
}

// An Option changes how a model is opened.
type Option func(*options) error

type options struct {
	threads int
	log     *slog.Logger
}

// WithThreads sets the number of goroutines that one call computes with, from 1.
// The default is GOMAXPROCS. Results do not depend on it.
func WithThreads(n int) Option {
	return func(o *options) error {
		if n < 1 || n > 1<<12 {
			return fmt.Errorf("roberta: %d threads, want 1 to %d", n, 1<<12)
		}
		o.threads = n
		return nil
	}
}

// WithLogger sets where remarks on a checkpoint and warnings go. The default
// discards them.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) error {
		if l != nil {
			o.log = l
		}
		return nil
	}
}

// Open opens a checkpoint: fairseq's model.pt, a release archive (.tar.gz), a
// .safetensors file, or a directory with any of these or with a Hugging Face
// model. What a file is shows in its content, not in its name.
//
// The vocabulary is looked for in the checkpoint and beside it; a checkpoint of
// GPT-2's full vocabulary needs none. See package weights for the forms and for
// the errors about files; ErrModel is returned, with the tensor or setting at
// fault, if tensors and settings do not make a model.
func Open(path string, opts ...Option) (*Model, error) {
	return open(opts, func() (*weights.Checkpoint, error) { return weights.Open(path) })
}

// OpenFS is Open for a file or directory of a file system, such as an embed.FS.
func OpenFS(fsys fs.FS, name string, opts ...Option) (*Model, error) {
	return open(opts, func() (*weights.Checkpoint, error) { return weights.OpenFS(fsys, name) })
}

// Load opens a checkpoint file from r, of size bytes. r must stay readable
// until Close.
func Load(r io.ReaderAt, size int64, opts ...Option) (*Model, error) {
	return open(opts, func() (*weights.Checkpoint, error) { return weights.Load(r, size, "checkpoint") })
}

func open(opts []Option, open func() (*weights.Checkpoint, error)) (*Model, error) {
	o := options{log: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	if err := simd.Err(); err != nil {
		return nil, fmt.Errorf("roberta: %w", err)
	}
	ckpt, err := open()
	if err != nil {
		return nil, err
	}
	pool := parallel.New(o.threads)
	m, err := newModel(ckpt, pool, o.log)
	if err != nil {
		pool.Close()
		ckpt.Close()
		if ckpt.Path != "" {
			err = fmt.Errorf("%s: %w", ckpt.Path, err)
		}
		return nil, err
	}
	for _, n := range m.notes {
		m.log.Info(n, "checkpoint", ckpt.Path)
	}
	return m, nil
}

func newModel(ckpt *weights.Checkpoint, pool *parallel.Pool, log *slog.Logger) (*Model, error) {
	c, err := newCheckpoint(ckpt)
	if err != nil {
		return nil, err
	}
	if c.guess != "" {
		log.Warn(c.guess, "checkpoint", ckpt.Path) // results depend on it
	}
	m := &Model{pool: pool, ckpt: ckpt, log: log, cfg: c.config, hasLM: c.hasLM, notes: c.notes}
	var heads map[string]*head
	if m.enc, m.lm, heads, err = load(c, pool); err != nil {
		return nil, err
	}
	ckpt.DropPages() // matrices are packed; of the file only the embedding is still read
	m.enc.Prepare()
	m.heads.Store(&heads)
	m.tok, err = c.tokenizer()
	if errors.Is(err, ErrNoVocabulary) {
		m.noTok = err
		m.notes = append(m.notes, strings.TrimPrefix(err.Error(), "roberta: "))
	} else if err != nil {
		return nil, err
	}
	return m, nil
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
// more than once.
func (m *Model) Close() error {
	m.running.Lock()
	defer m.running.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	m.pool.Close()
	m.enc, m.lm = nil, nil // the memory goes even if the Model is kept
	return m.ckpt.Close()
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

// Tokenizer returns the model's tokenizer. The error is ErrNoVocabulary, with
// the places where one was looked for, if the checkpoint came without.
func (m *Model) Tokenizer() (tokenizer.Tokenizer, error) { return m.tok, m.noTok }

// Encode turns a text into tokens, <s> text </s>, and several into one input,
// <s> a </s></s> b </s>. Special tokens' names in a text are plain text, and
// nothing is cut off. Every string works, also one that is not valid UTF-8.
// Without a vocabulary (see Tokenizer) it returns nil.
// As fairseq's RobertaHubInterface.encode.
func (m *Model) Encode(s string, more ...string) []int {
	if m.tok == nil {
		return nil
	}
	return tokenizer.Encode(m.tok, s, more...)
}

// EncodeNoSeparator is Encode with one </s> between texts, <s> a </s> b </s>.
func (m *Model) EncodeNoSeparator(s string, more ...string) []int {
	if m.tok == nil {
		return nil
	}
	return tokenizer.EncodeNoSeparator(m.tok, s, more...)
}

// Decode turns tokens back into text. Documents, which two </s> part, are
// joined; DecodeDocuments gives them one by one. Where fairseq fails (pads, no
// tokens at all) Decode skips what has no text. See tokenizer.Decode.
func (m *Model) Decode(tokens []int) string {
	if m.tok == nil {
		return ""
	}
	return tokenizer.Decode(m.tok, tokens)
}

// DecodeDocuments decodes the documents of an input: the parts between two
// </s>. As fairseq's decode, which returns a list there.
func (m *Model) DecodeDocuments(tokens []int) []string {
	if m.tok == nil {
		return nil
	}
	return tokenizer.DecodeDocuments(m.tok, tokens)
}
