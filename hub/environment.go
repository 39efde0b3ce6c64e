package hub

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are what the environment says, under the names and rules of Python's
// huggingface_hub (constants.py) and fairseq (file_utils.py).
type settings struct {
	cache, fairseqCache       string // "": there is no home folder
	endpoint, fairseqEndpoint *url.URL
	token                     func() (string, error) // read when it is first needed
	offline                   bool
	noLinks                   bool
	noProgress                bool
	stall                     time.Duration // how long a connection may be silent
}

const (
	hfEndpoint      = "https://huggingface.co"
	fairseqEndpoint = "https://dl.fbaipublicfiles.com/fairseq/models"
	defaultStall    = 30 * time.Second
)

func (s *settings) fromEnvironment() (err error) {
	caches := expand(os.Getenv("XDG_CACHE_HOME"))
	home, homeErr := os.UserHomeDir()
	if caches == "" && homeErr == nil {
		caches = filepath.Join(home, ".cache")
	}
	under := func(root string, names ...string) string {
		if root == "" {
			return ""
		}
		return filepath.Join(append([]string{root}, names...)...)
	}
	first := func(def string, variables ...string) string {
		for _, v := range variables {
			if value := os.Getenv(v); value != "" {
				return expand(value)
			}
		}
		return def
	}
	hfHome := first(under(caches, "huggingface"), "HF_HOME")
	s.cache = first(under(hfHome, "hub"), "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")
	torch := first(under(caches, "torch"), "TORCH_HOME")
	s.fairseqCache = first(under(torch, "pytorch_fairseq"), "PYTORCH_FAIRSEQ_CACHE")

	tokenFile := first(under(hfHome, "token"), "HF_TOKEN_PATH")
	s.token = func() (string, error) {
		if isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
			return "", nil
		}
		for _, v := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"} {
			if token, err := cleanToken(os.Getenv(v)); err != nil || token != "" {
				return token, err
			}
		}
		return readToken(tokenFile)
	}
	s.offline = isTrue("HF_HUB_OFFLINE") || os.Getenv("HF_HUB_OFFLINE") == "" && isTrue("TRANSFORMERS_OFFLINE")
	s.noLinks = isTrue("HF_HUB_DISABLE_SYMLINKS")
	s.noProgress = isTrue("HF_HUB_DISABLE_PROGRESS_BARS")

	s.stall = defaultStall
	if v := os.Getenv("HF_HUB_DOWNLOAD_TIMEOUT"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 86400 {
			return fmt.Errorf("hub: HF_HUB_DOWNLOAD_TIMEOUT %q: want seconds, 1 to 86400", quoted(v))
		}
		s.stall = time.Duration(n) * time.Second
	}
	if s.endpoint, err = endpointVariable("HF_ENDPOINT", hfEndpoint); err != nil {
		return err
	}
	s.fairseqEndpoint, err = endpointVariable("GOROBERTA_FAIRSEQ_ENDPOINT", fairseqEndpoint)
	return err
}

// isTrue says whether a variable is one of huggingface_hub's words for yes.
func isTrue(variable string) bool {
	return slices.Contains([]string{"1", "ON", "YES", "TRUE"}, strings.ToUpper(os.Getenv(variable)))
}

// expand replaces ~ and variables in a path, as Python's expanduser and expandvars do:
// a variable that is not set stays as it is written.
func expand(path string) string {
	path = os.Expand(path, func(name string) string {
		if value, ok := os.LookupEnv(name); ok {
			return value
		}
		return "${" + name + "}"
	})
	if path == "~" || strings.HasPrefix(path, "~/") {
		if home, err := os.UserHomeDir(); err == nil {
			path = filepath.Join(home, path[1:])
		}
	}
	return path
}

func endpointVariable(variable, def string) (*url.URL, error) {
	if v := os.Getenv(variable); v != "" {
		return parseEndpoint(variable, v)
	}
	return parseEndpoint(variable, def)
}

func parseEndpoint(what, address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("hub: %s %q: want an address as https://huggingface.co", what, quoted(address))
	}
	return u, nil
}

// maxToken is the longest token in bytes.
const maxToken = 4096

// readToken reads the file that `hf auth login` writes.
func readToken(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("hub: the access token: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxToken+1))
	if err != nil {
		return "", fmt.Errorf("hub: the access token: %w", err)
	}
	return cleanToken(string(data))
}

// cleanToken drops white space around a token and line ends in it, as huggingface_hub
// does. Errors do not repeat the token.
func cleanToken(token string) (string, error) {
	token = strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "").Replace(token))
	if len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("hub: the access token has %d bytes or characters that no token has; see HF_TOKEN and HF_TOKEN_PATH", len(token))
	}
	return token, nil
}

// Caches are the folders that hold what was fetched: those of huggingface_hub and of
// fairseq, as the environment says. A folder need not exist. One is "" if the
// environment names none and there is no home folder.
func Caches() (huggingFace, fairseq string, err error) {
	var s settings
	err = s.fromEnvironment()
	return s.cache, s.fairseqCache, err
}
