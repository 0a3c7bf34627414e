package genesys

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestReadAhead: the conversation that an agent signs in for is read once, while users/me is.
func TestReadAhead(t *testing.T) {
	read := "GET /api/v2/conversations/" + conversationID
	for _, tt := range []struct {
		name, signsInFor string
		pause            time.Duration
		want             int // readings of it after two questions
	}{
		{"for this one", conversationID, 0, 2},
		{"for none", "", 0, 2},
		{"for another", "c0ffee00-0000-4000-8000-00000000dead", 0, 2},
		{"long ago", conversationID, aheadLife + time.Second, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(t)
				a, err := p.cloud().SignIn(t.Context(), "code-1", verifier, tt.signsInFor)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(tt.pause)
				for range 2 {
					c, err := a.Conversation(t.Context(), conversationID)
					if err != nil || c.ID != conversationID {
						t.Fatalf("got %+v, %v", c, err)
					}
				}
				synctest.Wait()
				if got := p.count(read); got != tt.want {
					t.Errorf("read %d times, want %d", got, tt.want)
				}
			})
		})
	}
}
