//go:build purego || !(unix || windows)

package weights

import (
	"errors"
	"os"
)

func mapFile(*os.File, int64) ([]byte, func() error, error) {
	return nil, nil, errors.New("files are not mapped in this build")
}
