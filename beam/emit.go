package robertabeam

import (
	"context"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/exec"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/typex"
)

// A place is where in time an element is: its timestamp, its windows and its pane. The
// SDK knows it only while the element is processed, and gives what FinishBundle emits the
// global window. So the emitters of this package take the place from the value.
type place struct {
	known   bool
	windows []typex.Window
	time    typex.EventTime
	pane    typex.PaneInfo
}

// A placed value has a place, which is no part of what is encoded.
type placed[V any] interface {
	at() *place // nil: that of the element that is being processed
	unplaced() V
}

// What the DoFns emit with. The SDK finds emitters by the names of these types, and
// programs may register emitters of their own for func(Result[R]).
type (
	emitPlain[V any] func(V)
	emitKeyed[V any] func(beam.T, V)
)

// An emitter is what the SDK makes of a parameter of a DoFn that emits.
type emitter struct {
	n     exec.ElementProcessor
	ctx   context.Context
	here  place
	value exec.FullValue
}

// Init implements exec.ReusableEmitter.
func (e *emitter) Init(ctx context.Context, pane typex.PaneInfo, windows []typex.Window, t typex.EventTime) error {
	e.ctx, e.here = ctx, place{true, windows, t, pane}
	return nil
}

func (e *emitter) emit(p *place, elm, elm2 any) {
	e.value = exec.FullValue{Elm: elm, Elm2: elm2, Timestamp: p.time, Windows: p.windows, Pane: p.pane}
	if err := e.n.ProcessElement(e.ctx, &e.value); err != nil {
		panic(err) // as the SDK's own emitters: it stops the bundle, and Beam tries it again
	}
}

// locate is true if v is to be emitted, at p. A value whose place is not known is not: it
// asks for the place of the element that is being processed.
func (e *emitter) locate(p *place) (*place, bool) {
	switch {
	case p == nil:
		return &e.here, true
	case !p.known:
		*p = e.here
		return p, false
	}
	return p, true
}

type plainEmitter[V placed[V]] struct{ emitter }

// Value implements exec.ReusableEmitter.
func (e *plainEmitter[V]) Value() any {
	return emitPlain[V](func(v V) {
		if p, ok := e.locate(v.at()); ok {
			e.emit(p, v.unplaced(), nil)
		}
	})
}

type keyedEmitter[V placed[V]] struct{ emitter }

// Value implements exec.ReusableEmitter.
func (e *keyedEmitter[V]) Value() any {
	return emitKeyed[V](func(key beam.T, v V) {
		if p, ok := e.locate(v.at()); ok {
			e.emit(p, key, v.unplaced())
		}
	})
}

// registerEmitters tells the SDK how values of a type are emitted.
func registerEmitters[V placed[V]]() {
	exec.RegisterEmitter(reflect.TypeFor[emitPlain[V]](), func(n exec.ElementProcessor) exec.ReusableEmitter {
		return &plainEmitter[V]{emitter{n: n}}
	})
	exec.RegisterEmitter(reflect.TypeFor[emitKeyed[V]](), func(n exec.ElementProcessor) exec.ReusableEmitter {
		return &keyedEmitter[V]{emitter{n: n}}
	})
}
