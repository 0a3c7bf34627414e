package relay

// Bounds of a train.
const (
	trainBytes   = 12 << 10
	trainPackets = 32
)

// train is what leaves for one far end in one system call: packets of one size, of which the last may be shorter. It is
// not safe for concurrent use.
type train struct {
	packets []byte // one after another; of fixed capacity
	size    int    // of each but the last
	closed  bool   // the last is shorter: nothing goes behind it
	control []byte // of the system call; reused
}

func newTrain() train { return train{packets: make([]byte, 0, trainBytes)} }

// takes says that a packet of n bytes may leave with the others.
func (t *train) takes(n int) bool {
	if len(t.packets) == 0 {
		return n <= cap(t.packets)
	}
	return !t.closed && n <= t.size && len(t.packets)+n <= cap(t.packets) && len(t.packets) < trainPackets*t.size
}

// add makes room for a packet of n bytes, which takes has allowed.
func (t *train) add(n int) []byte {
	at := len(t.packets)
	if at == 0 {
		t.size = n
	}
	t.closed = n < t.size
	t.packets = t.packets[:at+n]
	return t.packets[at : at+n : at+n]
}

// each calls f with one packet after the other.
func (t *train) each(f func([]byte) error) error {
	for rest := t.packets; len(rest) > 0; {
		n := min(t.size, len(rest))
		if err := f(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// clear makes room for the next.
func (t *train) clear() { t.packets, t.size, t.closed = t.packets[:0], 0, false }
