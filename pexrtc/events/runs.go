package events

// Bounds of what is remembered about numbers.
const (
	maxNodes  = 1000
	maxWindow = 4096 // numbers of one run
)

// runs tell repeated events from new ones, for each node.
type runs map[string]*history

// history is the present run of a node's sink and the one before, of which late repeats may come.
type history struct{ now, before run }

// run is one life of a sink, in which every number belongs to one event.
type run struct {
	last int64             // highest number
	time float64           // latest time
	seen map[int64]float64 // times of the numbers in the window
}

// arrival is what a message's number says about it.
type arrival struct {
	repeat    bool
	restarted bool  // the node's sink has begun anew
	lost      int64 // numbers missing before it
}

// take notes a message.
func (rs runs) take(m message) arrival {
	h := rs[m.Node]
	if h == nil {
		if len(rs) >= maxNodes {
			clear(rs) // no installation has that many: somebody makes them up
		}
		h = &history{now: run{last: m.Seq, time: m.Time, seen: map[int64]float64{m.Seq: m.Time}}}
		rs[m.Node] = h
		return arrival{}
	}
	if h.now.has(m) || h.before.has(m) {
		return arrival{repeat: true}
	}
	if h.begins(m) {
		h.before = h.now
		h.now = run{last: m.Seq, time: m.Time, seen: map[int64]float64{m.Seq: m.Time}}
		return arrival{restarted: true}
	}
	if _, taken := h.now.seen[m.Seq]; taken {
		return arrival{} // an older time under a number of now: late news of the run before
	}
	if m.Seq <= h.now.last-maxWindow {
		return arrival{repeat: true}
	}
	return h.now.add(m)
}

func (r run) has(m message) bool {
	t, taken := r.seen[m.Seq]
	return taken && t == m.Time
}

// begins tells the first message of a new run: by its name, by the number 1, or because a lower
// number has a later time, which within a run cannot be.
func (h *history) begins(m message) bool {
	later := m.Time > h.now.time
	return m.Event == "eventsink_started" && (later || m.Seq == 1) || later && (m.Seq == 1 || m.Seq <= h.now.last)
}

func (r *run) add(m message) arrival {
	var a arrival
	if m.Seq > r.last {
		a.lost = m.Seq - r.last - 1
		r.last = m.Seq
	}
	r.time = max(r.time, m.Time)
	r.seen[m.Seq] = m.Time
	if len(r.seen) > 2*maxWindow {
		for seq := range r.seen {
			if seq <= r.last-maxWindow {
				delete(r.seen, seq)
			}
		}
	}
	return a
}
