package events

import (
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"
)

// Bounds of what is remembered about rooms.
const (
	maxRooms = 20_000
	maxLegs  = 200              // of one room
	maxEnded = 50_000           // legs and rooms that have ended
	silence  = 12 * time.Hour   // after which a room is taken for over: its node died
	memory   = time.Hour        // how long an ended leg or room is remembered
	sweeping = 10 * time.Minute // between two looks for what is over
)

// rooms are the live rooms of all nodes. Its methods return what has changed.
type rooms struct {
	tag   string
	byID  map[string]*room
	legs  map[string]*leg
	gone  map[string]*leg // that have left a room that runs
	ended map[string]end  // by the UUID of a leg or the name of a room
	swept time.Time
}

// end is when something ended: by the node's clock, and by ours.
type end struct {
	time float64
	at   time.Time
}

func newRooms(tag string) *rooms {
	return &rooms{tag: tag, byID: map[string]*room{}, legs: map[string]*leg{}, gone: map[string]*leg{}, ended: map[string]end{}}
}

// take applies a message. ok is false for data of a wrong form.
func (rs *rooms) take(m message, now time.Time) (changes []Change, ok bool) {
	switch m.Event {
	case "conference_started", "conference_updated":
		return rs.runs(m, now)
	case "conference_ended":
		return rs.ends(m, now)
	case "participant_connected", "participant_updated":
		return rs.isIn(m, now)
	case "participant_disconnected":
		return rs.leaves(m, now)
	case "participant_media_stream_window":
		return rs.window(m)
	case "participant_media_streams_destroyed":
		return rs.destroyed(m)
	}
	return nil, true
}

func (rs *rooms) conference(m message) (c conference, ours, ok bool) {
	if json.Unmarshal(m.Data, &c) != nil || c.Name == "" || tooLong(c.Name) {
		return c, false, false
	}
	return c, rs.ours(c.Tag, c.Name), true
}

// ours tells rooms of our service tag; an event without one counts if the room is known.
func (rs *rooms) ours(tag *string, name string) bool {
	if tag == nil {
		return rs.byID[name] != nil
	}
	return *tag == rs.tag
}

// runs notes that a node runs a room.
func (rs *rooms) runs(m message, now time.Time) ([]Change, bool) {
	c, ours, ok := rs.conference(m)
	if !ours {
		return nil, ok
	}
	r, opened := rs.room(c.Name, m, now)
	if r == nil {
		return nil, true
	}
	r.learn(c)
	if !opened {
		return nil, true
	}
	return []Change{{What: Opened, Room: r.public()}}, true
}

// room finds or makes the room that a message is about; nil if it had ended when the message was
// made. Whoever speaks of a room runs it.
func (rs *rooms) room(name string, m message, now time.Time) (r *room, opened bool) {
	r = rs.byID[name]
	if r == nil {
		if e, over := rs.ended[name]; over && m.Time <= e.time || len(rs.byID) >= maxRooms {
			return nil, false
		}
		delete(rs.ended, name)
		r, opened = &room{name: name}, true
		rs.byID[name] = r
	}
	r.heard, r.time = now, max(r.time, m.Time)
	if !slices.Contains(r.nodes, m.Node) {
		r.nodes = append(r.nodes, m.Node)
	}
	return r, opened
}

// ends notes that a node has ended a room; the room is over when all have.
func (rs *rooms) ends(m message, now time.Time) ([]Change, bool) {
	c, ours, ok := rs.conference(m)
	r := rs.byID[c.Name]
	if !ours || r == nil {
		if ours {
			rs.bury(c.Name, m.Time, now)
		}
		return nil, ok
	}
	r.heard, r.time = now, max(r.time, m.Time)
	r.learn(c)
	r.nodes = slices.DeleteFunc(r.nodes, func(n string) bool { return n == m.Node })
	if len(r.nodes) > 0 {
		return nil, true
	}
	return rs.close(r, now), true
}

// close ends a room and whoever is left in it.
func (rs *rooms) close(r *room, now time.Time) (changes []Change) {
	for _, l := range slices.Clone(r.legs) {
		changes = append(changes, rs.remove(l, r.time, now))
	}
	for _, l := range r.gone {
		delete(rs.gone, l.UUID)
	}
	delete(rs.byID, r.name)
	rs.bury(r.name, r.time, now)
	return append(changes, Change{What: Closed, Room: r.public()})
}

// isIn notes a leg.
func (rs *rooms) isIn(m message, now time.Time) ([]Change, bool) {
	p, ours, ok := rs.participant(m)
	if !ours {
		return nil, ok
	}
	if _, over := rs.ended[p.UUID]; over {
		return nil, true
	}
	l := rs.legs[p.UUID]
	if l != nil && m.Time < l.time {
		return nil, true
	}
	r, opened := rs.room(p.Conference, m, now)
	if r == nil || l == nil && len(r.legs) >= maxLegs {
		return nil, true
	}
	what := Updated
	if l == nil {
		what = Joined
		l = &leg{}
		rs.legs[p.UUID] = l
	}
	l.merge(m, r)
	change := Change{What: what, Room: r.public(), Leg: l.public()}
	if opened {
		return []Change{{What: Opened, Room: change.Room}, change}, true
	}
	return []Change{change}, true
}

// merge applies what the message says, and moves the leg to its room.
func (l *leg) merge(m message, r *room) {
	_ = json.Unmarshal(m.Data, &l.participant) // it was read before
	l.time = m.Time
	l.answered = l.answered || l.out() && l.answers()
	if l.room == r {
		return
	}
	l.part()
	l.room = r
	r.legs = append(r.legs, l)
}

// part takes a leg out of its room.
func (l *leg) part() {
	if l.room != nil {
		l.room.legs = slices.DeleteFunc(l.room.legs, func(o *leg) bool { return o == l })
	}
}

// leaves notes that a leg has ended. One that nobody has told of before is made for the news: it
// may be a call that failed before it was answered.
func (rs *rooms) leaves(m message, now time.Time) ([]Change, bool) {
	p, ours, ok := rs.participant(m)
	if !ours {
		return nil, ok
	}
	if _, over := rs.ended[p.UUID]; over {
		return nil, true
	}
	l := rs.legs[p.UUID]
	if l == nil {
		if _, over := rs.ended[p.Conference]; over && rs.byID[p.Conference] == nil {
			return nil, true // the last word of a room that is over
		}
		r, _ := rs.room(p.Conference, m, now)
		if r == nil {
			return nil, true
		}
		l = &leg{}
		l.merge(m, r)
	} else {
		_ = json.Unmarshal(m.Data, &l.participant)
		l.room.heard, l.room.time = now, max(l.room.time, m.Time)
	}
	return []Change{rs.remove(l, m.Time, now)}, true
}

func (rs *rooms) remove(l *leg, t float64, now time.Time) Change {
	l.part()
	delete(rs.legs, l.UUID)
	rs.bury(l.UUID, t, now)
	l.left = moment(t)
	for _, named := range []*float64{l.Disconnect, l.EndTime} {
		if named != nil && *named > 0 {
			l.left = moment(*named)
		}
	}
	if r := l.room; len(r.gone) < maxLegs {
		r.gone = append(r.gone, l)
		rs.gone[l.UUID] = l
	}
	return Change{What: Left, Room: l.room.public(), Leg: l.public()}
}

func (rs *rooms) participant(m message) (p participant, ours, ok bool) {
	if json.Unmarshal(m.Data, &p) != nil || p.UUID == "" || tooLong(p.UUID, p.Conference, p.DisplayName, p.Destination, p.Reason) || len(p.CallTag) > 1000 {
		return p, false, false
	}
	if p.Conference == "" {
		if l := rs.legs[p.UUID]; l != nil {
			p.Conference = l.Conference
		}
	}
	if p.Conference == "" {
		return p, false, true
	}
	return p, rs.ours(p.ServiceTag, p.Conference), true
}

// window notes the quality of a leg's media; it names no room.
func (rs *rooms) window(m message) ([]Change, bool) {
	var w window
	if json.Unmarshal(m.Data, &w) != nil || tooLong(w.UUID, w.Was, w.Now) {
		return nil, false
	}
	l := rs.leg(w.UUID)
	if l == nil {
		return nil, true
	}
	l.quality = append(l.quality, Quality{At: moment(m.Time), Was: w.Was, Now: w.Now})
	if len(l.quality) > maxQuality {
		l.quality = l.quality[1:]
	}
	return []Change{{What: Rated, Room: l.room.public(), Leg: l.public()}}, true
}

// destroyed notes what a leg's media carried. It comes about when the leg leaves, before or after.
func (rs *rooms) destroyed(m message) ([]Change, bool) {
	var d destroyed
	if json.Unmarshal(m.Data, &d) != nil || tooLong(d.UUID) {
		return nil, false
	}
	l := rs.leg(d.UUID)
	if l == nil {
		return nil, true
	}
	for _, s := range d.Streams {
		if len(l.streams) < maxStreams && !tooLong(s.Kind, s.RxCodec, s.TxCodec, s.RxResolution, s.TxResolution) {
			l.streams = append(l.streams, s.public())
		}
	}
	return []Change{{What: Counted, Room: l.room.public(), Leg: l.public()}}, true
}

// leg finds one that is in a room, or has left one that still runs.
func (rs *rooms) leg(uuid string) *leg {
	if l := rs.legs[uuid]; l != nil {
		return l
	}
	return rs.gone[uuid]
}

// bury remembers that something has ended.
func (rs *rooms) bury(id string, t float64, now time.Time) {
	if len(rs.ended) >= maxEnded {
		clear(rs.ended)
	}
	rs.ended[id] = end{max(t, rs.ended[id].time), now}
}

// sweep forgets what ended long ago, and ends what nobody has spoken of for very long.
func (rs *rooms) sweep(now time.Time) (changes []Change) {
	if now.Sub(rs.swept) < sweeping {
		return nil
	}
	rs.swept = now
	for id, e := range rs.ended {
		if now.Sub(e.at) > memory {
			delete(rs.ended, id)
		}
	}
	for _, r := range rs.byID {
		if now.Sub(r.heard) > silence {
			changes = append(changes, rs.close(r, now)...)
		}
	}
	return changes
}

func tooLong(texts ...string) bool {
	return slices.ContainsFunc(texts, func(s string) bool { return utf8.RuneCountInString(s) > maxText })
}
