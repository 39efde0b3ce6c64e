package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/goroberta/goroberta/hub"
)

// fetch puts a path in the place of a model's name. One that is hf:NAME or
// fairseq:NAME is fetched unless the cache has it; every other is a path, or pocket,
// already.
func (s *session) fetch(ctx context.Context, model *string, opts ...hub.Option) error {
	if !hub.IsName(*model) {
		return nil
	}
	defer s.progress.clear()
	bar := downloadBar{start: time.Now()}
	path, err := hub.Path(ctx, *model, append(opts, hub.WithLogger(s.log), hub.WithProgress(func(p hub.Progress) {
		s.progress.show(func() string { return bar.text(p, time.Now()) })
	}))...)
	if err != nil {
		return stopped(err, "before %s was fetched", *model)
	}
	*model = path
	return nil
}

// A downloadBar shows how far a download is.
type downloadBar struct {
	start time.Time
	begun int64 // bytes that were there when it began, plus one; 0: not known yet
}

func (b *downloadBar) text(p hub.Progress, now time.Time) string {
	if b.begun == 0 {
		b.begun = p.Done + 1
	}
	const width = 20
	text := p.Name
	if p.Total > 0 {
		part := min(1, float64(p.Done)/float64(p.Total))
		text += fmt.Sprintf(" [%-*s] %2.0f %% of", width, strings.Repeat("=", int(part*width)), 100*part)
		text += fmt.Sprintf(" %s MB", count(int(p.Total/1e6)))
	} else {
		text += fmt.Sprintf(" %s MB", count(int(p.Done/1e6)))
	}
	if t := now.Sub(b.start).Seconds(); t >= 1 {
		text += fmt.Sprintf(", %.1f MB/s", float64(p.Done-b.begun+1)/1e6/t)
	}
	return text
}
