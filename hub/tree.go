package hub

import (
	"encoding/json"
	"fmt"
)

// A tree lists the files of a commit. huggingface_hub keeps it in
// trees/<commit>.json: a commit never changes, so with its tree nobody needs to be
// asked which files there are.
type tree map[string]treeEntry

type treeEntry struct {
	Size    int64  `json:"size"`
	BlobID  string `json:"blob_id"` // git's hash of the file, or of the pointer to a large one
	SHA256  string `json:"lfs_sha256,omitempty"`
	LFSSize *int64 `json:"lfs_size,omitempty"`
	XetHash string `json:"xet_hash,omitempty"`
}

// treeFile is the form of trees/<commit>.json.
type treeFile struct {
	Version int  `json:"format_version"`
	Files   tree `json:"files"`
}

// treeVersion is the version of the form that is read and written here.
const treeVersion = 1

// maxListing is the size in bytes of the longest list of files that is read.
const maxListing = 64 << 20

// tree reads the tree of a commit, nil if the cache has none that can be read.
func (s *storage) tree(commit string) map[string]bool {
	data, err := readFile(s.path("trees", commit+".json"), maxListing)
	if err != nil {
		return nil
	}
	var f treeFile
	if json.Unmarshal(data, &f) != nil || f.Version != treeVersion || len(f.Files) == 0 {
		return nil
	}
	return nameSet(f.Files)
}

func nameSet(t tree) map[string]bool {
	names := make(map[string]bool, len(t))
	for name := range t {
		names[name] = true
	}
	return names
}

// setTree keeps the tree of a commit.
func (s *storage) setTree(commit string, t tree) error {
	data, err := json.MarshalIndent(treeFile{treeVersion, t}, "", " ")
	if err != nil {
		return err
	}
	return replaceFile(s.path("trees", commit+".json"), data)
}

// A listing is the server's answer about a revision.
type listing struct {
	commit string
	names  map[string]bool
	tree   tree // nil if the server left out what it has
}

// parseListing reads the answer to api/models/NAME/revision/REVISION?blobs=true.
func parseListing(data []byte) (*listing, error) {
	var v struct {
		SHA      string `json:"sha"`
		Siblings []struct {
			Name   string  `json:"rfilename"`
			Size   *int64  `json:"size"`
			BlobID *string `json:"blobId"`
			LFS    *struct {
				Size   int64  `json:"size"`
				SHA256 string `json:"sha256"`
			} `json:"lfs"`
		} `json:"siblings"`
	}
	if err := json.Unmarshal(data, &v); err != nil || !commitPattern.MatchString(v.SHA) {
		return nil, fmt.Errorf("%w: no description of a repository; see HF_ENDPOINT", ErrProtocol)
	}
	l := &listing{v.SHA, map[string]bool{}, tree{}}
	for _, f := range v.Siblings {
		l.names[f.Name] = true
		if f.Size == nil || f.BlobID == nil || *f.BlobID == "" {
			l.tree = nil
		}
		if l.tree == nil {
			continue
		}
		e := treeEntry{Size: *f.Size, BlobID: *f.BlobID}
		if f.LFS != nil {
			e.SHA256, e.LFSSize = f.LFS.SHA256, &f.LFS.Size
		}
		l.tree[f.Name] = e
	}
	return l, nil
}
