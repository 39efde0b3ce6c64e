package weights

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"path"
	"slices"
	"strings"
	"sync"
)

// torchMagic begins files of the form before torch 1.6, as a pickled number.
var torchMagic, _ = new(big.Int).SetString("1950a86a20f9469cfc6c", 16)

// torchProtocol is the version of that form; there was only this one.
const torchProtocol = 1001

// readLegacy reads torch's form before 1.6: pickles of a magic number, a
// protocol version, facts about the writing system, the object, and the list
// of storage keys; then each storage's number of elements and its raw bytes.
func readLegacy(src *source) (any, storages, error) {
	st := legacyStorages{src: src, dtypes: map[string]DType{}, at: map[string]*storage{}}
	persistent := func(id any) (any, error) {
		s, err := storageID(id)
		if err != nil {
			return nil, err
		}
		st.dtypes[s.key] = s.dtype
		return s, nil
	}
	var values [5]any
	pos := int64(0)
	for i := range values {
		var err error
		if values[i], pos, err = unpickle(src, pos, src.size, src.values(), persistent); err != nil {
			return nil, nil, err
		}
		switch i {
		case 0:
			if m, ok := values[0].(*big.Int); !ok || m.Cmp(torchMagic) != 0 {
				return nil, nil, fmt.Errorf("%w: a pickle, but not one that torch.save wrote", ErrNotCheckpoint)
			}
		case 1:
			if v, ok := values[1].(int64); !ok || v != torchProtocol {
				return nil, nil, fmt.Errorf("%w: torch file of protocol %s", ErrUnsupported, describe(values[1]))
			}
		case 2:
			if d, ok := values[2].(*pyDict); ok {
				if little, ok := d.get("little_endian"); ok && little == false {
					return nil, nil, fmt.Errorf("%w: big-endian checkpoint", ErrUnsupported)
				}
			}
		}
	}
	keys, ok := values[4].(*pyList)
	if !ok {
		return nil, nil, inEntry("storage keys", pos, ErrCorrupt)
	}
	for _, k := range keys.items {
		key, ok := k.(string)
		dtype, known := st.dtypes[key]
		if !ok || !known {
			return nil, nil, inEntry("storage keys", pos, fmt.Errorf("%w: storage %s is of no tensor", ErrCorrupt, describe(k)))
		}
		head, err := src.read(pos, 8)
		if err != nil {
			return nil, nil, inEntry("storage "+key, pos, err)
		}
		n := binary.LittleEndian.Uint64(head)
		pos += 8
		size, ok := dtype.bytes(int64(min(n, math.MaxInt64)))
		if !ok || size > src.size-pos {
			return nil, nil, inEntry("storage "+key, pos, fmt.Errorf("%w: %d elements of %v, %d bytes left", ErrTruncated, n, dtype, src.size-pos))
		}
		st.at[key] = &storage{src: src, off: pos, size: size}
		pos += size
	}
	return values[3], st, nil
}

// storages finds the bytes of a storage.
type storages interface {
	storage(s *pyStorage) (*storage, error)
}

type legacyStorages struct {
	src    *source
	dtypes map[string]DType
	at     map[string]*storage
}

func (l legacyStorages) storage(s *pyStorage) (*storage, error) {
	if st, ok := l.at[s.key]; ok {
		return st, nil
	}
	return nil, fmt.Errorf("%w: storage %s is missing", ErrCorrupt, quote(s.key))
}

// readZip reads torch's form since 1.6: a zip of NAME/data.pkl and NAME/data/KEY.
func readZip(src *source) (any, storages, error) {
	z, err := zip.NewReader(src, src.size)
	if err != nil {
		return nil, nil, fmt.Errorf("zip archive without a valid directory: %w", zipError(err))
	}
	files := make(map[string]*zip.File, len(z.File))
	var pkl *zip.File
	for _, f := range z.File {
		if _, ok := files[f.Name]; ok {
			return nil, nil, inEntry(f.Name, -1, fmt.Errorf("%w: two zip entries of one name", ErrCorrupt))
		}
		files[f.Name] = f
		if path.Base(f.Name) == "data.pkl" && (pkl == nil || len(f.Name) < len(pkl.Name)) {
			pkl = f
		}
	}
	if pkl == nil {
		return nil, nil, otherZip(z)
	}
	if _, ok := files[strings.TrimSuffix(pkl.Name, "data.pkl")+"constants.pkl"]; ok {
		return nil, nil, fmt.Errorf("%w: a TorchScript program (torch.jit.save, or rust-bert's .ot); want what torch.save wrote of a state_dict()", ErrUnsupported)
	}
	st := &zipStorages{src: src, files: files, left: src.expandLimit(), dir: strings.TrimSuffix(pkl.Name, "data.pkl"), open: map[string]*storage{}}
	if f, ok := files[st.dir+"byteorder"]; ok {
		data, err := st.entry(f)
		if err != nil {
			return nil, nil, err
		}
		if b, err := data.src.read(data.off, min(data.size, 4)); err == nil && string(b) == "big" {
			return nil, nil, fmt.Errorf("%w: big-endian checkpoint", ErrUnsupported)
		}
	}
	data, err := st.entry(pkl)
	if err != nil {
		return nil, nil, err
	}
	section := io.NewSectionReader(data.src, data.off, data.size)
	v, _, err := unpickle(section, 0, data.size, src.values(), func(id any) (any, error) { return storageID(id) })
	if err != nil {
		var fe *FileError
		if errors.As(err, &fe) {
			fe.Entry = pkl.Name
		}
		return nil, nil, err
	}
	return v, st, nil
}

// otherZip is the error for a zip archive that torch did not write. It says what it
// seems to be.
func otherZip(z *zip.Reader) error {
	var models []string
	for _, f := range z.File {
		switch name := path.Base(f.Name); {
		case path.Ext(name) == ".npy":
			return fmt.Errorf("%w: NumPy arrays in a zip archive (.npz)", ErrUnsupported)
		case name == "model.weights.h5":
			return fmt.Errorf("%w: a Keras file", ErrUnsupported)
		case slices.Contains(modelFiles, name):
			models = append(models, name)
		}
	}
	if len(models) > 0 {
		return fmt.Errorf("%w: a zip archive with a model (%s); unpack it", ErrUnsupported, someOf(models))
	}
	return fmt.Errorf("%w: zip archive without data.pkl", ErrNotCheckpoint)
}

// zipError makes an error of package zip one of this package's. A zip's directory is
// at its end, so a file that was cut has no valid one.
func zipError(err error) error {
	switch {
	case errors.Is(err, zip.ErrFormat), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %v", ErrTruncated, err)
	case errors.Is(err, zip.ErrAlgorithm):
		return fmt.Errorf("%w: %v", ErrUnsupported, err)
	}
	return err
}

type zipStorages struct {
	src   *source
	files map[string]*zip.File
	dir   string

	mu   sync.Mutex
	open map[string]*storage
	left int64 // bytes that compressed entries may still unpack to
}

func (z *zipStorages) storage(s *pyStorage) (*storage, error) {
	name := z.dir + "data/" + s.key
	f, ok := z.files[name]
	if !ok {
		return nil, inEntry(name, -1, fmt.Errorf("%w: zip entry is missing", ErrCorrupt))
	}
	return z.entry(f)
}

// entry finds the bytes of a zip entry. torch stores entries without
// compression, so that they can be used in place; compressed ones are unpacked.
func (z *zipStorages) entry(f *zip.File) (*storage, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if st, ok := z.open[f.Name]; ok {
		return st, nil
	}
	st, err := z.read(f)
	if err != nil {
		return nil, inEntry(f.Name, -1, err)
	}
	z.open[f.Name] = st
	return st, nil
}

func (z *zipStorages) read(f *zip.File) (*storage, error) {
	off, err := f.DataOffset()
	if err != nil {
		return nil, zipError(err)
	}
	if f.CompressedSize64 > uint64(z.src.size) || off > z.src.size-int64(f.CompressedSize64) {
		return nil, fmt.Errorf("%w: %d bytes from %d on in a file of %d", ErrTruncated, f.CompressedSize64, off, z.src.size)
	}
	if f.Method == zip.Store {
		if f.CompressedSize64 != f.UncompressedSize64 {
			return nil, fmt.Errorf("%w: stored zip entry of two sizes, %d and %d", ErrCorrupt, f.CompressedSize64, f.UncompressedSize64)
		}
		return &storage{src: z.src, off: off, size: int64(f.UncompressedSize64)}, nil
	}
	r, err := f.Open()
	if err != nil {
		return nil, zipError(err)
	}
	defer r.Close()
	b, err := readLimited(r, &z.left, int64(min(f.UncompressedSize64, 1<<62)), int64(f.CompressedSize64))
	if err != nil {
		return nil, err
	}
	unpacked := memorySource(b)
	unpacked.unpackedIn = z.src
	z.src.unpacked += int64(len(b))
	return &storage{src: unpacked, size: int64(len(b))}, nil
}
