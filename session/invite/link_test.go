package invite

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestLinkLetsTheCustomerInAgain: a link is used up, the agent gives another.
func TestLinkLetsTheCustomerInAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ss := newStorage().open(t, "k")
		s, _, err := ss.Invite(t.Context(), Invitation{SingleUse: true, Life: time.Hour}, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ss.Redeem(t.Context(), s.Token, "phone", "Grace"); err != nil {
			t.Fatal(err)
		}
		if _, err := ss.Redeem(t.Context(), s.Token, "laptop", "Grace"); !errors.Is(err, ErrUsed) {
			t.Fatalf("a second visitor: %v, want %v", err, ErrUsed)
		}
		time.Sleep(2 * time.Hour) // the invitation has expired, its call goes on
		token, err := ss.Link(t.Context(), s.ID)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ss.Redeem(t.Context(), token, "laptop", "Grace")
		if err != nil || again.ID != s.ID {
			t.Errorf("with the new link: session %q, %v; want %q", again.ID, err, s.ID)
		}
		if _, err := ss.Redeem(t.Context(), s.Token, "tablet", ""); !errors.Is(err, ErrUsed) {
			t.Errorf("with the link of before, a third visitor: %v, want %v", err, ErrUsed)
		}
		if _, err := ss.Redeem(t.Context(), token, "tablet", ""); !errors.Is(err, ErrUsed) {
			t.Errorf("with the new link, a third visitor: %v, want %v", err, ErrUsed)
		}
		for visitor, token := range map[string]string{"phone": s.Token, "laptop": token} {
			if _, err := ss.Redeem(t.Context(), token, visitor, ""); err != nil {
				t.Errorf("%s comes back with its own link: %v", visitor, err)
			}
		}
		time.Sleep(LinkLife + time.Second)
		if _, err := ss.Redeem(t.Context(), token, "laptop", ""); !errors.Is(err, ErrExpired) {
			t.Errorf("with the new link after its life: %v, want %v", err, ErrExpired)
		}
		if found, err := ss.Lookup(t.Context(), s.ID); err != nil || found.State != Open {
			t.Errorf("the session is %q, %v; want it open", found.State, err)
		}
	})
}

// A new link opens no older one: neither one that is used up before anybody took the new one, nor one
// that has expired.
func TestLinkOpensNoOther(t *testing.T) {
	for _, single := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			ss := newStorage().open(t, "k")
			s := invited(t, ss, Invitation{SingleUse: single, Life: time.Hour})
			if _, err := ss.Redeem(t.Context(), s.Token, "phone", ""); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Hour)
			if _, err := ss.Link(t.Context(), s.ID); err != nil {
				t.Fatal(err)
			}
			want := map[bool]error{true: ErrUsed, false: ErrExpired}[single]
			if _, err := ss.Redeem(t.Context(), s.Token, "laptop", ""); !errors.Is(err, want) {
				t.Errorf("single use %t: the link of before gives %v, want %v", single, err, want)
			}
		})
	}
}

func TestLinksAreBounded(t *testing.T) {
	ss := newStorage().open(t, "k")
	s := invited(t, ss, Invitation{})
	for range maxLinks {
		if _, err := ss.Link(t.Context(), s.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ss.Link(t.Context(), s.ID); !errors.Is(err, ErrUsed) {
		t.Errorf("one more link: %v, want %v", err, ErrUsed)
	}
}

func TestLinkNeedsAnOpenSession(t *testing.T) {
	ss := newStorage().open(t, "k")
	s, _, err := ss.Invite(t.Context(), Invitation{Life: time.Hour}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := ss.Withdraw(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	if token, err := ss.Link(t.Context(), s.ID); token != "" || !errors.Is(err, ErrUsed) {
		t.Errorf("Link of a withdrawn session = %q, %v; want %v", token, err, ErrUsed)
	}
	for _, id := range []string{"", "0123456789abcdef", "../../etc/passwd"} {
		if token, err := ss.Link(t.Context(), id); token != "" || !errors.Is(err, ErrNotFound) {
			t.Errorf("Link(%q) = %q, %v; want %v", id, token, err, ErrNotFound)
		}
	}
}
