package seal

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func sealer(t testing.TB, purpose string) *Sealer {
	t.Helper()
	s, err := New([]byte(strings.Repeat("k", 32)), purpose)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealOpen(t *testing.T) {
	s := sealer(t, "visit")
	token, err := s.Seal(map[string]string{"id": "4711abcd"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(token, "4711abcd") {
		t.Errorf("the token %q shows its value", token)
	}
	var got map[string]string
	if err := s.Open(token, &got); err != nil || got["id"] != "4711abcd" {
		t.Errorf("Open = %v, %v; want the sealed value", got, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	s := sealer(t, "visit")
	token, err := s.Seal("v", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	other, err := sealer(t, "signin").Seal("v", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	flipped := []byte(token)
	flipped[len(flipped)/2] ^= 1
	for _, tc := range []struct{ name, token string }{
		{"empty", ""},
		{"not base64", "*%$"},
		{"short", "AAAA"},
		{"of another purpose", other},
		{"one bit flipped", string(flipped)},
		{"cut", token[:len(token)-4]},
		{"too long", strings.Repeat("A", maxToken+1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var v string
			if err := s.Open(tc.token, &v); !errors.Is(err, ErrForged) {
				t.Errorf("Open(%.20q) = %v, want ErrForged", tc.token, err)
			}
		})
	}
}

func TestOpenExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sealer(t, "visit")
		token, err := s.Seal("v", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		var v string
		if err := s.Open(token, &v); !errors.Is(err, ErrExpired) {
			t.Errorf("Open after its time = %v, want ErrExpired", err)
		}
	})
}

func TestNewRefusesShortSecret(t *testing.T) {
	if _, err := New(make([]byte, 31), "visit"); err == nil {
		t.Error("a secret of 31 bytes was accepted")
	}
}

func TestRandomText(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-z]{16}$`)
	seen := map[string]bool{}
	for range 1000 {
		text := RandomText(16)
		if !form.MatchString(text) || seen[text] {
			t.Fatalf("RandomText = %q, want 16 new characters of 0-9a-z", text)
		}
		seen[text] = true
	}
}

func FuzzOpen(f *testing.F) {
	s := sealer(f, "visit")
	token, err := s.Seal("v", time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		var v string
		if err := s.Open(text, &v); err == nil && v != "v" {
			t.Errorf("Open(%q) gave %q, which nobody sealed", text, v)
		}
	})
}
