package hub

import "sync"

// A Progress says how far a download is.
type Progress struct {
	Name  string // the model, as given
	File  string // the file that the last bytes belong to
	Done  int64  // bytes that are there, those of earlier downloads that are resumed included
	Total int64  // bytes of all files that are to be fetched, as far as known; 0: unknown
}

// A meter adds up what several downloads do.
type meter struct {
	mu     sync.Mutex
	now    Progress
	report func(Progress)
}

// plan adds bytes to what is to be fetched.
func (m *meter) plan(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.Total += n
}

// add tells of n more bytes of a file; fewer if it begins again.
func (m *meter) add(file string, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.File = file
	m.now.Done += n
	if m.report != nil {
		m.report(m.now)
	}
}
