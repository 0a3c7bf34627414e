package genesystest

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// unserved makes a server that does not listen.
func unserved(opts Options) *Server {
	opts = opts.withDefaults()
	s := &Server{opts: opts, log: opts.Log, changed: make(chan struct{}), limits: map[string]*window{}, oauth: newAccounts(opts)}
	s.centre = newCentre(opts, s.publish)
	s.centre.expired = s.alertExpired
	return s
}

// TestCodeAndTokenLife lets time pass for codes and tokens.
func TestCodeAndTokenLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccounts(Options{TokenLife: time.Hour}.withDefaults())
		code, err := a.grantCode(grant{client: "c"})
		if err != nil {
			t.Fatal(err)
		}
		token, err := a.issue("c", nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(codeLife + time.Second)
		if a.redeem(code) != nil {
			t.Error("a code is good after a minute")
		}
		if a.token(token.value) == nil {
			t.Error("the token is dead after a minute")
		}
		time.Sleep(time.Hour)
		if a.token(token.value) != nil {
			t.Error("the token is good after an hour")
		}
	})
}

// TestFullOfCodes fills the store: expired codes make room, living ones do not.
func TestFullOfCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccounts(Options{}.withDefaults())
		for range maxSecrets {
			if _, err := a.grantCode(grant{}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.grantCode(grant{}); err == nil {
			t.Error("one code too many: no error")
		}
		time.Sleep(codeLife + time.Second)
		if _, err := a.grantCode(grant{}); err != nil {
			t.Errorf("after a minute: %v", err)
		}
	})
}

// TestAlertTimeout lets alerts ring in vain: each agent once, then the call waits until one comes back.
func TestAlertTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := unserved(Options{AlertTimeout: 8 * time.Second})
		v, err := s.Call(t.Context(), InboundCall{ANIName: "x"})
		if err != nil {
			t.Fatal(err)
		}
		states := func() []string {
			var out []string
			for _, p := range v.Participants()[2:] {
				out = append(out, p.Purpose+" "+p.State+p.DisconnectType)
			}
			return out
		}
		for _, step := range []struct {
			after time.Duration
			want  []string
		}{
			{7 * time.Second, []string{"acd connected", "agent alerting"}},
			{2 * time.Second, []string{"acd connected", "agent terminatedtransfer.noanswer", "agent alerting"}},
			{8 * time.Second, []string{"acd connected", "agent terminatedtransfer.noanswer", "agent terminatedtransfer.noanswer"}},
			{time.Hour, []string{"acd connected", "agent terminatedtransfer.noanswer", "agent terminatedtransfer.noanswer"}},
		} {
			time.Sleep(step.after)
			synctest.Wait()
			if got := states(); !slices.Equal(got, step.want) {
				t.Fatalf("after %v more: got %v, want %v", step.after, got, step.want)
			}
		}
		if err := s.SetOnQueue(AdaID, true); err != nil {
			t.Fatal(err)
		}
		if err := v.Answer(AdaID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if p := v.Participants(); p[len(p)-1].State != "connected" {
			t.Errorf("an answered leg: got %+v", p[len(p)-1])
		}
	})
}

// TestConversationLimit keeps the newest conversations and forgets ended ones first.
func TestConversationLimit(t *testing.T) {
	s := unserved(Options{})
	live, err := s.Call(t.Context(), InboundCall{ANIName: "live"})
	if err != nil {
		t.Fatal(err)
	}
	var first *Conversation
	for range maxConversations {
		v, err := s.Call(t.Context(), InboundCall{ANIName: "x"})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = v
		}
		if err := v.CustomerHangup(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Conversation(first.ID()); err == nil {
		t.Error("the oldest ended conversation is still known")
	}
	if _, err := s.Conversation(live.ID()); err != nil {
		t.Errorf("the live one: %v", err)
	}
}
