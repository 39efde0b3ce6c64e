.PHONY: test check

# test runs every test of the repository.
test:
	go test -race ./...

# check runs the static checks.
check:
	go vet ./...
