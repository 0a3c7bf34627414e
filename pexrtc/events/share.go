package events

import (
	"context"
	"encoding/json"
	"fmt"
)

// Limits of what is shared, in bytes: message buses take about a megabyte at a time.
const (
	maxPiece = 512 << 10 // of events together, but for the last
	maxData  = 128 << 10 // of one event
)

// share hands messages over in pieces. What is too large for any is no event of a node.
func (s *Sink) share(ctx context.Context, all []message) error {
	for len(all) > 0 {
		size, n := 0, 0
		var piece []message
		for n < len(all) && size < maxPiece {
			if m := all[n]; len(m.Data) > maxData {
				s.malformed("", m.Event)
			} else {
				piece = append(piece, m)
				size += len(m.Data)
			}
			n++
		}
		text, err := json.Marshal(piece)
		if err != nil {
			return fmt.Errorf("events: encode: %w", err)
		}
		if err := s.cfg.Share(ctx, text); err != nil {
			return fmt.Errorf("events: share: %w", err)
		}
		all = all[n:]
	}
	return nil
}

// Take takes a piece that Share of this or another sink was given. Pieces must come in one order to
// all.
func (s *Sink) Take(piece []byte) {
	var all []message
	if err := json.Unmarshal(piece, &all); err != nil {
		s.cfg.Log.Error("shared events are damaged", "err", err)
		return
	}
	for _, m := range all {
		s.take(m)
	}
}
