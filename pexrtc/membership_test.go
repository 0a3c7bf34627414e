package pexrtc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// Whoever remembers the last membership can release the participant, without the process that joined.
func TestReleaseByMembership(t *testing.T) {
	inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
		p := join(t, c, pexrtc.JoinRequest{Alias: "4711"})
		first := p.Membership()
		w := run(t, p)
		for range 3 {
			got := await[pexrtc.Refreshed](w, nil).Membership
			if got.Token == first.Token || !got.Ends.After(first.Ends) || got != p.Membership() {
				t.Errorf("refreshed to %s until %v, now it is %s", got, got.Ends, p.Membership())
			}
		}
		must(t, c.Release(t.Context(), first, "of old"))
		if got := srv.Participants(""); len(got) != 1 {
			t.Errorf("released by an old token: %+v", got)
		}
		last := p.Membership()
		must(t, c.Release(t.Context(), last, "last"))
		if got := srv.Participants(""); len(got) != 0 {
			t.Errorf("still there: %+v", got)
		}
		must(t, c.Release(t.Context(), last, "again"))
		if err := <-w.over; !errors.Is(err, pexrtc.ErrTokenLost) {
			t.Errorf("Run = %v, want that the token is lost", err)
		}
		if text := fmt.Sprintf("%v %+v %s", last, last, last); strings.Contains(text, last.Token) {
			t.Errorf("%s shows the token", text)
		}
	})
}

func TestReleaseByMembershipFails(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault pexrtctest.Fault
	}{
		{"500", pexrtctest.Fault{Status: http.StatusInternalServerError}},
		{"cut", pexrtctest.Fault{Drop: true}},
		{"late", pexrtctest.Fault{Delay: time.Hour}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
				m := join(t, c, pexrtc.JoinRequest{Alias: "4711"}).Membership()
				srv.SetFaults(pexrtctest.Faults{OnRequest: func(*http.Request) *pexrtctest.Fault { return &tc.fault }})
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				if err := c.Release(ctx, m, ""); !errors.Is(err, pexrtc.ErrNode) {
					t.Errorf("Release = %v, want that the node fails", err)
				}
				srv.SetFaults(pexrtctest.Faults{})
				must(t, c.Release(t.Context(), m, ""))
				synctest.Wait()
			})
		})
	}
}
