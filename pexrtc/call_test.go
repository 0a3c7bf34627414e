package pexrtc_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/videoleg/videoleg/pexrtc"
)

// script is a node that answers by request, and remembers what it got.
type script struct {
	answers map[string]string // last path segments → result; absent: true

	mu   sync.Mutex
	seen []string // "request body"
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, what, _ := strings.Cut(r.URL.Path, "/conferences/a/")
	what = strings.TrimPrefix(what, "participants/u/")
	s.mu.Lock()
	s.seen = append(s.seen, what+" "+string(body))
	s.mu.Unlock()
	status, result := 200, "true"
	switch {
	case what == "request_token":
		result = `{"token":"t","expires":"120","participant_uuid":"u","role":"HOST"}`
	case s.answers[what] != "":
		result = s.answers[what]
	}
	if code, words, found := strings.Cut(result, "!"); found {
		_, _ = fmt.Sscan(code, &status)
		result = `"` + words + `"`
	}
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"status":"success","result":%s}`, result)
}

func (s *script) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

func scripted(t *testing.T, answers map[string]string) (*pexrtc.Participant, *script) {
	t.Helper()
	s := &script{answers: answers}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return join(t, client(t, srv.URL), pexrtc.JoinRequest{Alias: "a"}), s
}

func TestCall(t *testing.T) {
	p, s := scripted(t, map[string]string{
		"calls":          `{"call_uuid":"c","sdp":"ANSWER","turn":[{"urls":["turn:x:443?transport=tcp"],"username":"n","credential":"k"}]}`,
		"calls/c/update": `"NEW ANSWER"`,
	})
	ctx := t.Context()
	c, err := p.Call(ctx, "OFFER")
	must(t, err)
	if c.Answer() != "ANSWER" || c.UUID() != "c" || len(c.TURN()) != 1 {
		t.Errorf("call %q %q %v", c.UUID(), c.Answer(), c.TURN())
	}
	must(t, c.Candidate(ctx, pexrtc.Candidate{Candidate: "candidate:1", MID: "0", Ufrag: "u"}))
	must(t, c.Candidate(ctx, pexrtc.Candidate{MID: "0"}))
	must(t, c.Ack(ctx))
	answer, err := c.Update(ctx, "NEW OFFER")
	if err != nil || answer != "NEW ANSWER" {
		t.Errorf("Update = %q, %v", answer, err)
	}
	must(t, p.Release(ctx, "bye"))
	must(t, c.Disconnect(ctx))
	want := []string{
		`request_token {"display_name":"Ada","direct_media":false}`,
		`calls {"call_type":"WEBRTC","media_type":"video","fecc_supported":false,"sdp":"OFFER"}`,
		`calls/c/new_candidate {"candidate":"candidate:1","mid":"0","ufrag":"u"}`,
		`calls/c/new_candidate {"candidate":"","mid":"0"}`,
		`calls/c/ack {}`,
		`calls/c/update {"sdp":"NEW OFFER","fecc_supported":false}`,
		`calls/c/disconnect {}`,
		`release_token {"reason":"bye"}`,
	}
	if got := s.got(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("requests\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCallRefusals(t *testing.T) {
	tests := []struct {
		name, result string
		want         error
		hangsUp      bool
	}{
		{"bad SDP", `400!could not parse`, pexrtc.ErrMedia, false},
		{"no capacity", `500!Out of transcoding resource`, pexrtc.ErrCapacity, false},
		{"dead token", `403!Invalid token`, pexrtc.ErrTokenLost, false},
		{"direct media", `{"call_uuid":"c","sdp":""}`, pexrtc.ErrMedia, true},
		{"offer ignored", `{"call_uuid":"c","sdp":"x","offer_ignored":true}`, pexrtc.ErrMedia, true},
		{"huge answer", `{"call_uuid":"c","sdp":"` + strings.Repeat("x", 70000) + `"}`, pexrtc.ErrMedia, true},
		{"no call", `{"sdp":"x"}`, pexrtc.ErrMedia, false},
		{"nonsense", `7`, pexrtc.ErrMedia, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, s := scripted(t, map[string]string{"calls": tt.result})
			if _, err := p.Call(t.Context(), "OFFER"); !errors.Is(err, tt.want) {
				t.Errorf("Call = %v, want %v", err, tt.want)
			}
			if got := strings.Join(s.got(), "\n"); strings.Contains(got, "calls/c/disconnect") != tt.hangsUp {
				t.Errorf("hangs up: want %v, requests\n%s", tt.hangsUp, got)
			}
		})
	}
}

func TestUpdateAnswers(t *testing.T) {
	for result, want := range map[string]string{
		`"S"`: "S", `{"call_uuid":"c","sdp":"S"}`: "S", `""`: "", `null`: "", `true`: "",
	} {
		p, _ := scripted(t, map[string]string{"calls": `{"call_uuid":"c","sdp":"A"}`, "calls/c/update": result})
		c, err := p.Call(t.Context(), "O")
		must(t, err)
		got, err := c.Update(t.Context(), "O2")
		if got != want || (want == "") != errors.Is(err, pexrtc.ErrMedia) {
			t.Errorf("answer %s: Update = %q, %v; want %q", result, got, err, want)
		}
	}
}

func TestDial(t *testing.T) {
	p, s := scripted(t, map[string]string{"dial": `["x","y"]`})
	got, err := p.Dial(t.Context(), pexrtc.DialRequest{Destination: "sip:a@b", AudioOnly: true, SourceName: "4711"})
	if err != nil || len(got) != 2 {
		t.Errorf("Dial = %v, %v", got, err)
	}
	want := `dial {"call_type":"audio","destination":"sip:a@b","protocol":"auto","role":"GUEST","source_display_name":"4711"}`
	if all := s.got(); all[len(all)-1] != want {
		t.Errorf("request %s, want %s", all[len(all)-1], want)
	}
	p, _ = scripted(t, map[string]string{"dial": `[]`})
	if _, err := p.Dial(t.Context(), pexrtc.DialRequest{Destination: "sip:a@b"}); !errors.Is(err, pexrtc.ErrMedia) {
		t.Errorf("Dial without a route = %v, want ErrMedia", err)
	}
}

func TestRequestsAfterRelease(t *testing.T) {
	p, s := scripted(t, nil)
	must(t, p.Release(t.Context(), ""))
	asked := len(s.got())
	if err := p.SetLocked(t.Context(), true); !errors.Is(err, pexrtc.ErrTokenLost) {
		t.Errorf("SetLocked after Release = %v, want ErrTokenLost", err)
	}
	if _, err := p.Call(t.Context(), "O"); !errors.Is(err, pexrtc.ErrTokenLost) {
		t.Errorf("Call after Release = %v, want ErrTokenLost", err)
	}
	if n := len(s.got()) - asked; n != 0 {
		t.Errorf("the node got %d requests after the release", n)
	}
}
