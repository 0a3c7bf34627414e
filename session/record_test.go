package session

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/videoleg/videoleg/pexrtc/events"
	"github.com/videoleg/videoleg/session/invite"
)

// left is a leg that has left a room.
func left(alias, reason string, more func(*events.Leg)) events.Leg {
	l := events.Leg{UUID: alias, Alias: alias, Protocol: "webrtc", HasMedia: true, Connected: time.Unix(1000, 0), Left: time.Unix(1060, 0), Reason: reason}
	if more != nil {
		more(&l)
	}
	return l
}

func out(answered bool) func(*events.Leg) {
	return func(l *events.Leg) { l.Out, l.Answered, l.Protocol = true, answered, "sip" }
}

// A room that closes is a call of its session: what it was, and whether it was the last word.
func TestClosedRooms(t *testing.T) {
	customer, agent := "sip:CUS"+roomID+"@video.example", "agt"+roomID
	for _, tt := range []struct {
		name           string
		gone           []events.Leg
		answered, over bool
		kinds          string
	}{
		{"a call", []events.Leg{left(customer, "Call disconnected", nil), left(roomID, "Call disconnected", out(true)), left(agent, "", nil)}, true, true, "customer phone agent"},
		{"nobody answered", []events.Leg{left(customer, "Call disconnected", nil), left(roomID, "Gateway dial out failed", out(false))}, false, false, "customer phone"},
		{"the customer's network", []events.Leg{left(roomID, "", out(true)), left(customer, "Timer expired awaiting token refresh", nil)}, true, false, "phone customer"},
		{"the customer came back", []events.Leg{left(customer, "Timer expired awaiting token refresh", func(l *events.Leg) { l.Left = time.Unix(1010, 0) }),
			left(customer, "User initiated disconnect", nil), left(agent, "", nil)}, true, true, "customer customer agent"},
		{"ended by the agent", []events.Leg{left(customer, "Conference terminated by another participant", nil), left(agent, "", nil)}, true, true, "customer agent"},
		{"an agent's control alone", []events.Leg{left(agent, "", func(l *events.Leg) { l.HasMedia = false })}, false, false, "agent"},
		{"somebody else", []events.Leg{left("x", "", nil)}, false, false, "guest"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				var got invite.Call
				var over bool
				news := News{Calls: c.calls, Visits: c.visits, Closed: func(session string, call invite.Call, o bool) {
					got, over = call, o
					if session != roomID {
						t.Errorf("session %s", session)
					}
				}}
				c.calls.cfg.AgentPrefix, c.visits.cfg.CustomerPrefix = "Agt", "cus"
				news.Take(events.Change{What: events.Closed, Room: events.Room{Name: roomID, Told: time.Unix(1061, 0), Gone: tt.gone}})
				var kinds []string
				for _, p := range got.Parties {
					kinds = append(kinds, p.Kind)
				}
				if over != tt.over || got.Answered != tt.answered || strings.Join(kinds, " ") != tt.kinds || got.Began.Unix() != 1000 || got.Ended.Unix() != 1061 {
					t.Errorf("over %t, %+v", over, got)
				}
			})
		})
	}
}

// The recorder tries again, gives up in the end, and leaves alone what nobody keeps.
func TestRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := map[string]int{}
		var log strings.Builder
		r := NewRecorder(func(_ context.Context, session string, _ invite.Call, _ bool) error {
			tries[session]++
			switch {
			case session == "unknown":
				return invite.ErrNotFound
			case session == "down", session == "flaky" && tries[session] < 3:
				return errors.New("no storage")
			}
			return nil
		}, slog.New(slog.NewTextHandler(&log, nil)))
		for _, session := range []string{"unknown", "flaky", "down", "good"} {
			r.Closed(session, invite.Call{}, true)
		}
		time.Sleep(time.Minute)
		r.Close()
		for session, want := range map[string]int{"unknown": 1, "flaky": 3, "down": recordTries, "good": 1} {
			if tries[session] != want {
				t.Errorf("%s: %d tries, want %d", session, tries[session], want)
			}
		}
		if strings.Count(log.String(), "call recorded") != 2 || strings.Count(log.String(), "call not recorded") != 1 {
			t.Errorf("log:\n%s", &log)
		}
	})
}

// The node's rating of the media is counted, and told in the story of the call.
func TestMediaQualityIsTold(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		registry := prometheus.NewRegistry()
		c.calls.cfg.Metrics = NewMetrics(registry)
		agent := c.agent("ada")
		conversation := c.ring()
		c.open(agent, conversation.ID()).awaitStatus(StatusConnecting)
		call, err := c.calls.Open(t.Context(), agent, conversation.ID())
		if err != nil {
			t.Fatal(err)
		}
		news := News{Calls: c.calls, Visits: c.visits}
		leg := events.Leg{UUID: "1", Alias: "cus" + roomID, Quality: []events.Quality{{Was: "1_good", Now: "3_bad"}}}
		news.Take(events.Change{What: events.Rated, Room: events.Room{Name: roomID}, Leg: leg})
		leg.Quality[0].Now = "hostile\nname"
		news.Take(events.Change{What: events.Rated, Room: events.Room{Name: roomID}, Leg: leg})
		told := make(chan string, 1)
		call.post(func() { told <- call.tellStory() })
		if story := <-told; !strings.Contains(story, "quality  customer 3_bad  was 1_good") || strings.Contains(story, "hostile") {
			t.Errorf("the story:\n%s", story)
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var counted []string
		for _, f := range families {
			if f.GetName() == "videoleg_media_quality_total" {
				for _, m := range f.GetMetric() {
					if m.GetCounter().GetValue() == 0 {
						continue
					}
					counted = append(counted, m.GetLabel()[0].GetValue()+" "+m.GetLabel()[1].GetValue())
				}
			}
		}
		if want := []string{"customer 3_bad", "customer other"}; !slices.Equal(counted, want) {
			t.Errorf("counted %q, want %q", counted, want)
		}
	})
}
