package weights

// Guard runs f.
func (c *Checkpoint) Guard(f func() error) error { return f() }
