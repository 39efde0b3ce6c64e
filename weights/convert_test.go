package weights

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// sameCheckpoint says what differs between two checkpoints.
func sameCheckpoint(t *testing.T, got, want *Checkpoint) {
	t.Helper()
	if g, w := names(got), names(want); !slices.Equal(g, w) {
		t.Errorf("tensors %q, want %q", g, w)
	}
	for _, x := range want.Tensors() {
		y, ok := got.Tensor(x.Name)
		if !ok {
			continue
		}
		a, err := x.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		b, err := y.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if x.DType != y.DType || !slices.Equal(x.Shape, y.Shape) || !bytes.Equal(a, b) {
			t.Errorf("%s: %v %v differs from %v %v", x.Name, y.DType, y.Shape, x.DType, x.Shape)
		}
	}
	for key, v := range want.Settings {
		if g, ok := got.Settings[key]; !ok || g != v {
			t.Errorf("Settings[%q] = %#v, want %#v", key, g, v)
		}
	}
	if len(got.Settings) != len(want.Settings) {
		t.Errorf("%d settings, want %d", len(got.Settings), len(want.Settings))
	}
	for _, f := range []struct {
		name string
		g, w []byte
	}{
		{"Dict", got.Dict, want.Dict}, {"EncoderJSON", got.EncoderJSON, want.EncoderJSON}, {"VocabBPE", got.VocabBPE, want.VocabBPE},
		{"VocabJSON", got.VocabJSON, want.VocabJSON}, {"Merges", got.Merges, want.Merges},
	} {
		if !bytes.Equal(f.g, f.w) {
			t.Errorf("%s has %d bytes, want the other %d", f.name, len(f.g), len(f.w))
		}
	}
}

// TestConvert: every form of checkpoint becomes one file that says the same
// with nothing beside it.
func TestConvert(t *testing.T) {
	for _, file := range []string{
		"tiny", "tiny/cfg.pt", "tiny/legacy.pt", "tiny/old2019_zip.pt", "tiny/roberta.tiny.tar.gz", "tiny/shared_storage.pt", "tiny/shared_storage_legacy.pt",
		"tiny/optimizer_state.pt", "tiny/fp64.pt", "tiny/fp16.pt", "tiny/bf16.pt", "variants/untied", "variants/sinusoidal", "variants/prenorm", "finetuned", "wsc",
		"hf/tiny-mnli", "hf/tiny-maskedlm", "trained", "sapiens-vh",
	} {
		for _, compress := range []bool{false, true} {
			t.Run(file+map[bool]string{true: "/zstd"}[compress], func(t *testing.T) {
				in := golden(t, file)
				out := filepath.Join(t.TempDir(), "model.safetensors")
				if err := Convert(in, out, ConvertOptions{Zstd: compress}); err != nil {
					t.Fatal(err)
				}
				want, got := open(t, in), open(t, out)
				if got.Format != Safetensors || got.Path != out {
					t.Errorf("Format = %q, Path = %q", got.Format, got.Path)
				}
				if tied, ok := want.tensors[lmWeight]; ok && want.tied() {
					// Written once, under the embedding's name.
					delete(want.tensors, lmWeight)
					tied = &Tensor{embedWeight, tied.DType, tied.Shape, tied.strides, tied.offset, tied.data}
					want.tensors[embedWeight] = tied
				}
				sameCheckpoint(t, got, want)
				if got, want := got.HeadLabels, want.allLabels(); len(want) > 0 && !reflect.DeepEqual(got, want) {
					t.Errorf("HeadLabels = %q, want %q", got, want)
				}

				// A converted file converts to itself.
				again := filepath.Join(t.TempDir(), "again")
				if err := Convert(out, again, ConvertOptions{Zstd: compress}); err != nil {
					t.Fatal(err)
				}
				a, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				b, err := os.ReadFile(again)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(a, b) {
					t.Error("a second conversion gives other bytes")
				}
			})
		}
	}
}

// TestConvertAlignment: data begins at a page, tensors at a cache line.
func TestConvertAlignment(t *testing.T) {
	out := filepath.Join(t.TempDir(), "model.safetensors")
	if err := Convert(golden(t, "tiny/model.pt"), out, ConvertOptions{}); err != nil {
		t.Fatal(err)
	}
	c := open(t, out)
	aligned := 0
	for _, x := range c.Tensors() {
		at := x.data.off
		if size := int64(x.Len() * x.DType.Size()); size%lineSize == 0 {
			aligned++
			if at%lineSize != 0 {
				t.Errorf("%s of %d bytes lies at %d", x.Name, size, at)
			}
		}
	}
	if aligned < 40 {
		t.Errorf("only %d tensors of whole cache lines", aligned)
	}
	first := slices.MinFunc(c.Tensors(), func(a, b *Tensor) int { return int(a.data.off - b.data.off) })
	if first.data.off%pageSize != 0 {
		t.Errorf("data begins at %d", first.data.off)
	}
}

// TestConvertTied: of a tied weight lm_head's copy counts, as in fairseq; an
// untied model keeps both.
func TestConvertTied(t *testing.T) {
	object := func(untied bool) any {
		embed, lm := view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}, view{"FloatStorage", "1", 6, 0, tuple{2, 3}, tuple{3, 1}}
		return dict{"args", namespace("untie_weights_roberta", untied), "model", orderedDict(embedWeight, embed.value(), lmWeight, lm.value())}
	}
	second := make([]byte, 24)
	for i := range second {
		second[i] = byte(i + 1)
	}
	for _, untied := range []bool{false, true} {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
		writeFiles(t, dir, map[string][]byte{"in": torchZip(object(untied), entry{"0", floats(6)}, entry{"1", second})})
		if err := Convert(in, out, ConvertOptions{}); err != nil {
			t.Fatal(err)
		}
		c := open(t, out)
		want := map[string][]byte{embedWeight: second}
		if untied {
			want = map[string][]byte{embedWeight: floats(6), lmWeight: second}
		}
		if got := names(c); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
			t.Errorf("untied %v: tensors %q", untied, got)
		}
		for name, data := range want {
			if x, ok := c.Tensor(name); ok {
				if b, err := x.Bytes(); err != nil || !bytes.Equal(b, data) {
					t.Errorf("untied %v: %s = %x, %v, want %x", untied, name, b, err, data)
				}
			}
		}
	}
}

// TestConvertInPlace: a checkpoint is not replaced by its conversion, also not
// through a link.
func TestConvertInPlace(t *testing.T) {
	dir := t.TempDir()
	data, err := os.ReadFile(golden(t, "tiny/model.pt"))
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, dir, map[string][]byte{"model.pt": data})
	path, link := filepath.Join(dir, "model.pt"), filepath.Join(dir, "link.pt")
	outs := []string{path}
	if err := os.Symlink("model.pt", link); err == nil {
		outs = append(outs, link)
	}
	for _, out := range outs {
		if err := Convert(path, out, ConvertOptions{}); !errors.Is(err, ErrSameFile) {
			t.Errorf("Convert to %s: %v, want ErrSameFile", filepath.Base(out), err)
		}
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, data) {
		t.Errorf("the checkpoint has changed, %v", err)
	}
}

// checkOnly: a directory holds these files and none that was left behind.
func checkOnly(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s holds %q, want %q", filepath.Base(dir), got, want)
	}
}

// TestFailureLeavesNothing: what cannot be written leaves no file, and an old
// one as it was.
func TestFailureLeavesNothing(t *testing.T) {
	errWrite := errors.New("no more data")
	for _, tc := range []struct {
		name  string
		entry Entry
		is    error
	}{
		{"writer fails", Entry{"w", F32, []int{2}, func(w io.Writer) error { w.Write([]byte("1234")); return errWrite }}, errWrite},
		{"too few bytes", Entry{"w", F32, []int{2}, func(w io.Writer) error { _, err := w.Write([]byte("1234")); return err }}, nil},
		{"too many bytes", Entry{"w", F32, []int{0}, func(w io.Writer) error { _, err := w.Write([]byte("1234")); return err }}, nil},
		{"negative shape", Entry{"w", F32, []int{-1}, nil}, nil},
		{"no type", Entry{"w", 0, []int{1}, nil}, nil},
		{"size overflows", Entry{"w", F32, []int{1 << 30, 1 << 30, 1 << 30}, nil}, nil},
	} {
		for _, compress := range [][]Option{nil, {WithZstd()}} {
			dir := t.TempDir()
			err := WriteFile(filepath.Join(dir, "new"), nil, []Entry{tc.entry}, compress...)
			var fe *FileError
			if !errors.As(err, &fe) || fe.Tensor != "w" || tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("%s: %v", tc.name, err)
			}
			writeFiles(t, dir, map[string][]byte{"old": []byte("as it was")})
			if err := WriteFile(filepath.Join(dir, "old"), nil, []Entry{tc.entry}, compress...); err == nil {
				t.Errorf("%s: no error", tc.name)
			}
			checkOnly(t, dir, "old")
			if b, err := os.ReadFile(filepath.Join(dir, "old")); err != nil || string(b) != "as it was" {
				t.Errorf("%s: the old file is now %q, %v", tc.name, b, err)
			}
		}
	}
	t.Run("two of one name", func(t *testing.T) {
		e := Entry{"w", U8, []int{0}, func(io.Writer) error { return nil }}
		if err := Write(io.Discard, nil, []Entry{e, e}); err == nil || !strings.Contains(err.Error(), "w") {
			t.Errorf("Write = %v", err)
		}
	})
	t.Run("unreadable tensor", func(t *testing.T) {
		// Cut within the storage, which legacy files check, and zip ones by their directory.
		b := torchLegacy(small(), 4, entry{"0", floats(6)})
		dir := t.TempDir()
		writeFiles(t, dir, map[string][]byte{"in": b[:len(b)-1], "out": []byte("as it was")})
		if err := Convert(filepath.Join(dir, "in"), filepath.Join(dir, "out"), ConvertOptions{}); !errors.Is(err, ErrTruncated) {
			t.Errorf("Convert = %v", err)
		}
		checkOnly(t, dir, "in", "out")
		if b, err := os.ReadFile(filepath.Join(dir, "out")); err != nil || string(b) != "as it was" {
			t.Errorf("the old file is now %q, %v", b, err)
		}
	})
	t.Run("no such directory", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "none", "out")
		if err := Convert(golden(t, "tiny/model.pt"), out, ConvertOptions{}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Convert = %v", err)
		}
	})
	t.Run("onto a directory", func(t *testing.T) {
		dir := t.TempDir()
		if err := Convert(golden(t, "tiny/model.pt"), dir, ConvertOptions{}); err == nil {
			t.Error("no error")
		}
		checkOnly(t, dir)
	})
}

// TestConvertToDevice: a device is written to, not replaced.
func TestConvertToDevice(t *testing.T) {
	info, err := os.Stat(os.DevNull)
	if err != nil || info.Mode().IsRegular() || runtime.GOOS == "windows" {
		t.Skip("no null device among the files")
	}
	if err := Convert(golden(t, "tiny/model.pt"), os.DevNull, ConvertOptions{}); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(os.DevNull)
	if err != nil || after.Mode() != info.Mode() {
		t.Errorf("%s is now %v, %v", os.DevNull, after.Mode(), err)
	}
}

// TestSettingsJSON: settings come back with their types.
func TestSettingsJSON(t *testing.T) {
	want := map[string]any{"a": int64(1), "big": int64(1) << 62, "f": 1e-12, "whole": 2.0, "huge": 1e300, "b": true, "s": "x\u2028<&>", "n": nil}
	s, err := settingsJSON(want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := settingsFromJSON(s); err != nil || !maps.Equal(got, want) {
		t.Errorf("settingsFromJSON(%s) = %#v, %v, want %#v", s, got, err, want)
	}
}

// TestExportSkips: what the caller writes itself is left out, and only that.
func TestExportSkips(t *testing.T) {
	c := open(t, golden(t, "tiny/model.pt"))
	_, all, err := c.Export(nil)
	if err != nil {
		t.Fatal(err)
	}
	skip := func(name string) bool { return strings.HasSuffix(name, "fc1.weight") }
	metadata, some, err := c.Export(skip)
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(e Entry) bool { return skip(e.Name) })
	if !slices.EqualFunc(some, all, func(a, b Entry) bool { return a.Name == b.Name }) {
		t.Errorf("%d entries, want %d", len(some), len(all))
	}
	var settings map[string]any
	if err := json.Unmarshal([]byte(metadata[settingsKey]), &settings); err != nil || settings["encoder_layers"] != 3.0 {
		t.Errorf("%s = %v, %v", settingsKey, settings, err)
	}
}
