package invite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestInvite(t *testing.T) {
	ss := newStorage().open(t, "k")
	asked := Invitation{DisplayName: "  Ada\nLovelace ", Locale: "en-GB", Attributes: map[string]string{"queue": "billing"}, ReturnURL: "https://shop.example/thanks", Life: time.Hour}
	s, again, err := ss.Invite(t.Context(), asked, "")
	if err != nil || again {
		t.Fatal(again, err)
	}
	if !regexp.MustCompile(`^[0-9a-z]{16}$`).MatchString(s.ID) {
		t.Errorf("ID = %q, want 16 characters of 0-9a-z", s.ID)
	}
	if s.DisplayName != "Ada Lovelace" || s.Locale != "en-GB" || !maps.Equal(s.Attributes, asked.Attributes) || s.ReturnURL != asked.ReturnURL || s.State != Open {
		t.Errorf("session = %+v", s)
	}
	if life := s.Expires.Sub(s.Created).Round(time.Second); life > time.Hour || life < time.Hour-time.Second {
		t.Errorf("life = %v, want an hour", life)
	}
	if strings.Contains(s.Token, s.ID) {
		t.Errorf("the token %q shows the session ID", s.Token)
	}
	found, err := ss.Lookup(t.Context(), s.ID)
	if err != nil || found.Token != s.Token || !found.Created.Equal(s.Created) {
		t.Errorf("Lookup = %+v, %v", found, err)
	}
}

func TestInviteRefuses(t *testing.T) {
	many := map[string]string{}
	for i := range MaxAttributes + 1 {
		many[fmt.Sprintf("a%d", i)] = ""
	}
	attribute := func(key, value string) Invitation {
		return Invitation{Attributes: map[string]string{key: value}}
	}
	for _, tc := range []struct {
		name, field string
		inv         Invitation
	}{
		{"long name", "name", Invitation{DisplayName: strings.Repeat("ä", MaxName+1)}},
		{"name of control characters", "name", Invitation{DisplayName: "\x00\x1b\u202e"}},
		{"locale", "locale", Invitation{Locale: "../../etc"}},
		{"long locale", "locale", Invitation{Locale: "en" + strings.Repeat("-abcdefgh", 4)}},
		{"too short", "expiry", Invitation{Life: time.Second}},
		{"too long", "expiry", Invitation{Life: MaxLife + time.Hour}},
		{"negative", "expiry", Invitation{Life: -time.Hour}},
		{"past", "expiry", Invitation{Until: time.Unix(0, 0)}},
		{"far future", "expiry", Invitation{Until: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{"both", "expiry", Invitation{Until: time.Now().Add(time.Hour), Life: time.Hour}},
		{"return address that is a script", "return", Invitation{ReturnURL: "javascript:alert(1)"}},
		{"return address without host", "return", Invitation{ReturnURL: "https:///thanks"}},
		{"return address with credentials", "return", Invitation{ReturnURL: "https://ada:secret@shop.example/"}},
		{"long return address", "return", Invitation{ReturnURL: "https://shop.example/" + strings.Repeat("a", MaxURL)}},
		{"many attributes", "attributes", Invitation{Attributes: many}},
		{"attribute without name", "attributes", attribute("", "v")},
		{"attribute with a line break in its name", "attributes", attribute("a\r\nb", "v")},
		{"attribute with a long name", "attributes", attribute("a"+strings.Repeat("b", MaxKey), "v")},
		{"attribute with a long value", "attributes", attribute("a", strings.Repeat("v", MaxValue+1))},
		{"attribute with a line break", "attributes", attribute("a", "v\r\nRoute: x")},
		{"attribute that is no text", "attributes", attribute("a", "\xff")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			store := newStorage()
			_, _, err := store.open(t, "k").Invite(t.Context(), tc.inv, "key")
			if invalid := new(Invalid); !errors.As(err, &invalid) || invalid.Field != tc.field {
				t.Errorf("Invite = %v, want Invalid of %s", err, tc.field)
			}
			if len(store.sessions.values)+len(store.requests.values)+len(store.order.order) != 0 {
				t.Error("something was kept")
			}
		})
	}
}

func TestIdempotency(t *testing.T) {
	store := newStorage()
	one, other := store.open(t, "k"), store.open(t, "k")
	asked := Invitation{DisplayName: "Ada", Life: time.Hour}
	var mu sync.Mutex // guards ids
	ids := map[string]int{}
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			ss := []*Sessions{one, other}[i%2]
			s, _, err := ss.Invite(t.Context(), asked, "key-1")
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			ids[s.ID+s.Token]++
		})
	}
	all.Wait()
	if len(ids) != 1 || len(store.order.order) != 1 {
		t.Errorf("one key gave %d sessions, %d of them listed", len(ids), len(store.order.order))
	}
	if _, _, err := one.Invite(t.Context(), Invitation{DisplayName: "Eve"}, "key-1"); !errors.Is(err, ErrKeyReused) {
		t.Errorf("another request with the key = %v, want ErrKeyReused", err)
	}
	if s, again, err := one.Invite(t.Context(), asked, "key-2"); err != nil || again || ids[s.ID+s.Token] != 0 {
		t.Errorf("another key = %t, %v; want a new session", again, err)
	}
}

// A process may die between any two steps of an invitation: the repeated request completes it.
func TestIdempotencyAfterCrash(t *testing.T) {
	for _, tc := range []struct {
		name  string
		crash func(storage) *memory
	}{
		{"before the session was kept", func(s storage) *memory { return s.sessions }},
		{"before the session was listed", func(s storage) *memory { return s.order }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			store := newStorage()
			ss := store.open(t, "k")
			part := tc.crash(store)
			part.fail = errStorage
			if _, _, err := ss.Invite(t.Context(), Invitation{}, "key"); !errors.Is(err, errStorage) {
				t.Fatalf("Invite = %v, want the storage's error", err)
			}
			part.fail = nil
			s, again, err := ss.Invite(t.Context(), Invitation{}, "key")
			if err != nil || !again || s.State != Open {
				t.Fatalf("the repeated request = %+v, %t, %v", s, again, err)
			}
			if listed, _, err := ss.List(t.Context(), 0, 10); err != nil || len(listed) != 1 || listed[0].ID != s.ID {
				t.Errorf("List = %+v, %v", listed, err)
			}
		})
	}
}

func TestRedeem(t *testing.T) {
	const visitor, stranger = "visitor", "stranger"
	for _, tc := range []struct {
		name  string
		inv   Invitation
		steps func(t *testing.T, ss *Sessions, s Session)
		by    string
		want  error
	}{
		{"new link", Invitation{}, nil, visitor, nil},
		{"new link, unknown browser", Invitation{SingleUse: true}, nil, "", nil},
		{"used link for many uses", Invitation{}, redeemed(visitor), stranger, nil},
		{"the same browser again", Invitation{SingleUse: true}, redeemed(visitor), visitor, nil},
		{"another browser", Invitation{SingleUse: true}, redeemed(visitor), stranger, ErrUsed},
		{"unknown browsers are all others", Invitation{SingleUse: true}, redeemed(""), "", ErrUsed},
		{"the same browser after expiry", Invitation{SingleUse: true, Life: time.Hour}, after(redeemed(visitor), 2*time.Hour), visitor, nil},
		{"the same browser, stay over", Invitation{SingleUse: true, Life: time.Hour}, after(redeemed(visitor), Stay), visitor, ErrUsed},
		{"the same browser, call over", Invitation{SingleUse: true}, then(redeemed(visitor), ended), visitor, ErrUsed},
		{"many uses, call over", Invitation{}, then(redeemed(visitor), ended), visitor, nil},
		{"expired", Invitation{Life: time.Hour}, after(nil, time.Hour), visitor, ErrExpired},
		{"forgotten", Invitation{Life: time.Hour}, after(nil, MaxLife+Keep), visitor, ErrExpired},
		{"withdrawn", Invitation{}, withdrawn, visitor, ErrWithdrawn},
		{"withdrawn while in use", Invitation{}, then(redeemed(visitor), withdrawn), visitor, ErrWithdrawn},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ss := newStorage().open(t, "k")
				s := invited(t, ss, tc.inv)
				if tc.steps != nil {
					tc.steps(t, ss, s)
				}
				if _, err := ss.Find(t.Context(), s.Token, tc.by); !errors.Is(err, tc.want) {
					t.Errorf("Find = %v, want %v", err, tc.want)
				}
				got, err := ss.Redeem(t.Context(), s.Token, tc.by, "")
				if !errors.Is(err, tc.want) || (err == nil && got.ID != s.ID) {
					t.Errorf("Redeem = %s, %v; want %s, %v", got.ID, err, s.ID, tc.want)
				}
			})
		})
	}
}

type steps = func(t *testing.T, ss *Sessions, s Session)

func redeemed(visitor string) steps {
	return func(t *testing.T, ss *Sessions, s Session) {
		if _, err := ss.Redeem(t.Context(), s.Token, visitor, ""); err != nil {
			t.Fatal(err)
		}
	}
}

func ended(t *testing.T, ss *Sessions, s Session) {
	if err := ss.End(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
}

func withdrawn(t *testing.T, ss *Sessions, s Session) {
	for range 2 {
		if err := ss.Withdraw(t.Context(), s.ID); err != nil {
			t.Fatal(err)
		}
	}
}

func then(first, second steps) steps {
	return func(t *testing.T, ss *Sessions, s Session) { first(t, ss, s); second(t, ss, s) }
}

func after(first steps, wait time.Duration) steps {
	return func(t *testing.T, ss *Sessions, s Session) {
		if first != nil {
			first(t, ss, s)
		}
		time.Sleep(wait) // of the bubble's clock
	}
}

// One link, many browsers at the same moment: one gets in.
func TestRedeemRace(t *testing.T) {
	ss := newStorage().open(t, "k")
	s := invited(t, ss, Invitation{SingleUse: true})
	won := make(chan string, 16)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			visitor := fmt.Sprint(i)
			if _, err := ss.Redeem(t.Context(), s.Token, visitor, ""); err == nil {
				won <- visitor
			} else if !errors.Is(err, ErrUsed) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(won) != 1 {
		t.Errorf("%d browsers redeemed a single-use link", len(won))
	}
}

func TestForgedLinks(t *testing.T) {
	store := newStorage()
	ss := store.open(t, "k")
	s := invited(t, ss, Invitation{})
	for _, tc := range []struct{ name, token string }{
		{"empty", ""},
		{"the session ID", s.ID},
		{"cut", s.Token[:len(s.Token)-1]},
		{"changed", "A" + s.Token[1:len(s.Token)-1] + "A"},
		{"of another installation", invited(t, newStorage().open(t, "j"), Invitation{}).Token},
		{"long", strings.Repeat("A", 1<<20)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := ss.Redeem(t.Context(), tc.token, "v", ""); !errors.Is(err, ErrForged) {
				t.Errorf("Redeem = %v, want ErrForged", err)
			}
		})
	}
}

func TestLookupState(t *testing.T) {
	for _, tc := range []struct {
		name  string
		steps steps
		want  State
	}{
		{"new", func(*testing.T, *Sessions, Session) {}, Open},
		{"in use", redeemed("v"), Open},
		{"over its time", after(nil, time.Hour), Expired},
		{"over its time while in use", after(redeemed("v"), 2*time.Hour), Open},
		{"over its time after use", after(redeemed("v"), Stay), Expired},
		{"withdrawn", withdrawn, Withdrawn},
		{"ended", then(redeemed("v"), ended), Ended},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ss := newStorage().open(t, "k")
				s := invited(t, ss, Invitation{Life: time.Hour, SingleUse: true})
				tc.steps(t, ss, s)
				if got, err := ss.Lookup(t.Context(), s.ID); err != nil || got.State != tc.want {
					t.Errorf("State = %s, %v; want %s", got.State, err, tc.want)
				}
			})
		})
	}
}

func TestLookupOfNothing(t *testing.T) {
	store := newStorage()
	ss := store.open(t, "k")
	for _, id := range []string{"", "4711", "0123456789abcdef", "0123456789ABCDEF", "../../../../../..", strings.Repeat("a", 17)} {
		if _, err := ss.Lookup(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("Lookup(%q) = %v, want ErrNotFound", id, err)
		}
	}
	store.sessions.fail = errStorage
	if _, err := ss.Lookup(t.Context(), "0123456789abcdef"); !errors.Is(err, errStorage) {
		t.Errorf("Lookup without storage = %v, want its error: nothing is known", err)
	}
}

func TestBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ss := newStorage().open(t, "k")
		s, err := ss.Begin(t.Context(), "Ada", "en")
		if err != nil || s.State != Open {
			t.Fatal(s.State, err)
		}
		time.Sleep(Stay)
		if s, err := ss.Lookup(t.Context(), s.ID); err != nil || s.State != Expired || s.DisplayName != "Ada" {
			t.Errorf("after its time = %+v, %v", s, err)
		}
		if listed, _, err := ss.List(t.Context(), 0, 1); err != nil || len(listed) != 0 {
			t.Errorf("an ad-hoc session is listed as an invitation: %+v, %v", listed, err)
		}
	})
}

func TestList(t *testing.T) {
	store := newStorage()
	ss := store.open(t, "k")
	var want []string
	for range 5 {
		want = append(want, invited(t, ss, Invitation{}).ID)
	}
	delete(store.sessions.revision, want[1]) // forgotten
	want = slices.Delete(want, 1, 2)
	slices.Reverse(want)
	var got []string
	for before := uint64(0); ; {
		page, next, err := ss.List(t.Context(), before, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page {
			got = append(got, s.ID)
		}
		if before = next; next == 0 {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}

func FuzzRedeem(f *testing.F) {
	ss := newStorage().open(f, "k")
	s, _, err := ss.Invite(context.Background(), Invitation{}, "")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.Token)
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		if got, err := ss.Redeem(t.Context(), token, "v", ""); err == nil && got.ID != s.ID {
			t.Errorf("a token that nobody sealed led to %s", got.ID)
		}
	})
}
