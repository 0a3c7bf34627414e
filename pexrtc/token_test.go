package pexrtc

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

const goodToken = `{"status":"success","result":{"token":"tok","expires":"120","participant_uuid":"u","role":"HOST",
 "display_name":"Ada","conference_name":"4711","service_type":"conference","current_service_type":"waiting_room",
 "version":{"version_id":"37","pseudo_version":"83000.0.0"},"vp9_enabled":true,"trickle_ice_enabled":true,
 "bandwidth_in":1264,"bandwidth_out":"576","use_relay_candidates_only":true,"brand_new":{"x":[1]},
 "stun":[{"url":"stun:stun.example:3478"},{"urls":["stun:b.example","http://no"]},{"url":7}],
 "turn":[{"urls":["turn:t.example?transport=udp"],"username":"n","credential":"c"}]}}`

func TestReadToken(t *testing.T) {
	r := request{step: "request_token", alias: "a", node: "https://n"}
	got, err := r.readToken(readAnswer(200, []byte(goodToken)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{Nodes: []string{"https://n"}})
	if err != nil {
		t.Fatal(err)
	}
	p := newParticipant(c, "https://n", "a", got, time.Now())
	if p.Role() != Host || !p.VP9() || !p.TrickleICE() || !p.RelayOnly() || p.version() != 37 {
		t.Errorf("participant %+v", p.info)
	}
	want := []ICEServer{
		{URLs: []string{"stun:stun.example:3478"}}, {URLs: []string{"stun:b.example"}},
		{URLs: []string{"turn:t.example?transport=udp"}, Username: "n", Credential: "c"},
	}
	if !reflect.DeepEqual(p.ICEServers(), want) {
		t.Errorf("ICE servers %+v, want %+v", p.ICEServers(), want)
	}
}

func TestReadTokenRefusals(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		pin    string
		kind   error
		reason string
	}{
		{"PIN wanted", 403, `{"status":"success","result":{"pin":"required","guest_pin":"required"}}`, "", ErrPIN, "PIN required"},
		{"PIN wanted, said with 200", 200, `{"status":"success","result":{"pin":"required","guest_pin":"required"}}`, "", ErrPIN, "PIN required"},
		{"PIN asked again", 403, `{"status":"success","result":{"pin":"required","guest_pin":"none"}}`, "1", ErrPIN, "PIN not accepted"},
		{"wrong PIN", 403, `{"status":"success","result":"Invalid PIN"}`, "1", ErrPIN, "Invalid PIN"},
		{"identity provider", 403, `{"status":"success","result":{"idp":[{"name":"x","uuid":"y"}]}}`, "", ErrSignIn, "the conference wants an identity provider"},
		{"redirect", 200, `{"status":"success","result":{"redirect_url":"https://idp"}}`, "", ErrSignIn, "the conference wants an identity provider"},
		{"extension", 403, `{"status":"success","result":{"conference_extension":"required"}}`, "", ErrSignIn, "the conference wants an extension"},
		{"unknown alias that says success", 404, `{"status":"success","result":"Neither conference nor gateway found"}`, "", ErrNoConference, "Neither conference nor gateway found"},
		{"unknown alias in other words", 404, `{"status":"failed","result":"no"}`, "", ErrNoConference, "no"},
		{"404 of a web server", 404, `<html>`, "", ErrNode, "not a Conferencing Node's answer"},
		{"full", 403, `{"status":"failure","result":"Participant limit reached"}`, "", ErrCapacity, "Participant limit reached"},
		{"reason elsewhere", 503, `{"status":"failed","result":null,"reason":"Maintenance mode"}`, "", ErrNode, "Maintenance mode"},
		{"overloaded proxy", 502, `bad gateway`, "", ErrNode, ""},
		{"529", 529, ``, "", ErrNode, ""},
		{"redirection", 307, ``, "", ErrNode, "not a Conferencing Node's answer"},
		{"success without a token", 200, `{"status":"success","result":{"token":""}}`, "", ErrNode, "not a Conferencing Node's answer"},
		{"web page with 200", 200, `<html>`, "", ErrNode, "not a Conferencing Node's answer"},
		{"token no header can carry", 200, `{"status":"success","result":{"token":"a\nb","participant_uuid":"u"}}`, "", ErrNode, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := request{step: "request_token", alias: "a", node: "https://n", pin: tt.pin}
			_, err := r.readToken(readAnswer(tt.status, []byte(tt.body)))
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, tt.kind) || e.Reason != tt.reason {
				t.Errorf("error %v (reason %q), want kind %v and reason %q", err, e.Reason, tt.kind, tt.reason)
			}
		})
	}
}

func TestSeconds(t *testing.T) {
	for in, want := range map[string]time.Duration{
		`"120"`: 120 * time.Second, `60`: time.Minute, `1.5`: 1500 * time.Millisecond, `"x"`: 2 * time.Minute,
		`null`: 2 * time.Minute, `-5`: time.Second, `1e300`: time.Hour, `"NaN"`: 2 * time.Minute,
	} {
		var s seconds
		if err := json.Unmarshal([]byte(in), &s); in != "null" && err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if got := s.life(); got != want {
			t.Errorf("expires %s = %v, want %v", in, got, want)
		}
	}
}

func TestErrorText(t *testing.T) {
	e := &Error{Step: "request_token", Alias: "agt4711", Node: "https://node", Status: http.StatusForbidden, Reason: "Invalid PIN", Kind: ErrPIN}
	if got, want := e.Error(), "pexrtc: request_token agt4711@https://node: 403 Invalid PIN"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	long := readAnswer(500, []byte(`{"status":"failed","result":"`+strings.Repeat("é\\n", 500)+`"}`))
	if len(long.reason) > maxReason+len("…") || strings.Contains(long.reason, "\n") {
		t.Errorf("reason of %d bytes: %q", len(long.reason), long.reason)
	}
}

func TestKindOfReason(t *testing.T) {
	for reason, want := range map[string]error{
		"Invalid PIN": ErrPIN, "Exceeded PIN entry retries": ErrPIN, "Invalid role": ErrRole,
		"Timer expired awaiting token refresh": ErrTokenLost, "Out of transcoding resource": ErrCapacity,
		"Signaling node disconnected": ErrNode, "Conference terminated by an administrator": ErrEnded,
		"Disconnected by another participant": ErrRemoved, "API initiated participant disconnect": ErrRemoved,
		"Ice failure": ErrMedia, "something else": nil, "": nil,
	} {
		if got := kindOfReason(reason); got != want {
			t.Errorf("kindOfReason(%q) = %v, want %v", reason, got, want)
		}
	}
}

func FuzzReadToken(f *testing.F) {
	f.Add(200, goodToken)
	f.Add(403, `{"status":"success","result":{"pin":"required","guest_pin":"none"}}`)
	f.Add(404, `{"status":"success","result":"Neither conference nor gateway found"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		got, err := request{step: "request_token"}.readToken(readAnswer(status, []byte(body)))
		if err == nil && (got.Token == "" || got.ParticipantUUID == "" || status != 200) {
			t.Errorf("accepted %d %q", status, body)
		}
		if err == nil && (got.Expires.life() < time.Second || got.Expires.life() > time.Hour) {
			t.Errorf("life %v", got.Expires.life())
		}
	})
}
