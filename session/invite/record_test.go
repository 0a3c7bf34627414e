package invite

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// at is a moment of the tests' call, in seconds.
func at(seconds int) time.Time { return time.Unix(1790000000+int64(seconds), 0).UTC() }

func TestRecord(t *testing.T) {
	ss := newStorage().open(t, "k")
	for _, tc := range []struct {
		name   string
		single bool
		over   bool
		state  State
	}{
		{"its only call", true, true, Ended},
		{"a call that may go on", true, false, Open},
		{"one of many calls", false, true, Open},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := invited(t, ss, Invitation{SingleUse: tc.single})
			c := Call{Began: at(0), Ended: at(60), Answered: true, Parties: []Party{{ID: "ada", Kind: "customer", Left: at(60), Reason: "Call disconnected"}}}
			for range 2 { // every replica records it
				if err := ss.Record(t.Context(), s.ID, c, tc.over); err != nil {
					t.Fatal(err)
				}
			}
			seenLate := Call{Began: at(30), Ended: at(60)}
			if err := ss.Record(t.Context(), s.ID, seenLate, tc.over); err != nil {
				t.Fatal(err)
			}
			got, err := ss.Lookup(t.Context(), s.ID)
			if err != nil || got.State != tc.state || len(got.Calls) != 1 || got.Calls[0].Parties[0] != c.Parties[0] || !got.Calls[0].Answered {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	if err := ss.Record(t.Context(), "0123456789abcdef", Call{}, true); !errors.Is(err, ErrNotFound) {
		t.Errorf("of no session: %v", err)
	}
}

func TestRecordsAreBounded(t *testing.T) {
	ss := newStorage().open(t, "k")
	s := invited(t, ss, Invitation{})
	crowd := make([]Party, 3*maxParties)
	for i := range crowd {
		crowd[i].ID = fmt.Sprint(i)
	}
	for i := range 2 * maxCalls {
		if err := ss.Record(t.Context(), s.ID, Call{Began: at(100 * i), Ended: at(100*i + 60), Parties: crowd}, false); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ss.Lookup(t.Context(), s.ID)
	if err != nil || len(got.Calls) != maxCalls || !got.Calls[maxCalls-1].Ended.Equal(at(100*(2*maxCalls-1)+60)) || len(got.Calls[0].Parties) != maxParties {
		t.Errorf("%d calls, %v", len(got.Calls), err)
	}
}
