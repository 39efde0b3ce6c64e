module github.com/goroberta/goroberta/cmd/roberta

go 1.26.0

require (
	github.com/alecthomas/kong v1.17.0
	github.com/goroberta/goroberta v0.0.0
	github.com/goroberta/goroberta/hub v0.0.0
	github.com/goroberta/goroberta/models/pocket v0.0.0
	github.com/rogpeppe/go-internal v1.16.0
	golang.org/x/sys v0.50.0
	golang.org/x/term v0.48.0
)

require (
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/dlclark/regexp2/v2 v2.13.0 // indirect
	github.com/klauspost/compress v1.20.4 // indirect
	golang.org/x/text v0.44.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
)

replace (
	github.com/goroberta/goroberta => ../..
	github.com/goroberta/goroberta/hub => ../../hub
	github.com/goroberta/goroberta/models/pocket => ../../models/pocket
)
