package pexrtctest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// policyServer answers as it is told and remembers what it was asked.
type policyServer struct {
	url string

	mu      sync.Mutex // guards the rest
	service string     // body for a dial_in; empty is 404
	dialOut string
	people  string
	asked   []url.Values  // with the request's path under ""
	dialled chan struct{} // gets a value for each question about a dial_out
}

func newPolicyServer(t *testing.T) *policyServer {
	p := &policyServer{dialled: make(chan struct{}, 10)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if name, password, _ := r.BasicAuth(); name != "pexip" || password != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		q := r.URL.Query()
		q.Set("", strings.TrimPrefix(r.URL.Path, "/policy/v1/"))
		p.asked = append(p.asked, q)
		body := p.service
		switch {
		case q.Get("") == "participant/properties":
			body = p.people
		case q.Get("call_direction") == "dial_out":
			body = p.dialOut
			p.dialled <- struct{}{}
		}
		w.Header().Set("Content-Type", "application/json")
		if body == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	p.url = strings.Replace(srv.URL, "http://", "http://pexip:s3cret@", 1)
	return p
}

func (p *policyServer) questions() (list []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.asked {
		list = append(list, strings.Join([]string{q.Get(""), q.Get("call_direction"), q.Get("protocol"), q.Get("local_alias"),
			q.Get("service_name"), q.Get("participant_type"), q.Get("preauthenticated_role")}, " "))
	}
	return list
}

const roomWithCentre = `{"status":"success","action":"continue","result":{"service_type":"conference","name":"4711abcd","service_tag":"t",
 "pin":"390517","allow_guests":true,"view":"five_mains_seven_pips","automatic_participants":[{"remote_alias":"sip:centre@x","local_alias":"4711abcd@y",
 "local_display_name":"4711abcd","protocol":"sip","call_type":"audio","role":"chair","routing":"routing_rule","keep_conference_alive":"keep_conference_alive_never"}]}}`

const room = `{"status":"success","action":"continue","result":{"service_type":"conference","name":"4711abcd","service_tag":"t","pin":"390517","allow_guests":true}}`

// The node asks about the alias, about who joins by it, and about the call that it makes itself.
func TestPolicyIsAskedAndFollowed(t *testing.T) {
	p := newPolicyServer(t)
	p.service, p.dialOut = roomWithCentre, room
	p.people = `{"status":"success","action":"continue","result":{"remote_display_name":"Ada L."}}`
	dialled := make(chan pexrtctest.DialRequest, 1)
	srv := start(t, pexrtctest.Options{PolicyURL: p.url, Dial: func(_ context.Context, r pexrtctest.DialRequest) (pexrtctest.FarEnd, error) {
		dialled <- r
		return nil, errors.New("busy")
	}})
	join(t, srv, "cus4711abcd", "none", "Ada")
	await(t, srv, "renamed", named("Ada L."))
	select {
	case r := <-dialled:
		if r.LocalDisplayName != "4711abcd" || r.Destination != "sip:centre@x" || !r.Automatic {
			t.Errorf("dialled %+v", r)
		}
	case <-limit(t).Done():
		t.Fatal("the contact centre was not called")
	}
	got := p.questions()
	want := []string{
		"service/configuration dial_in api cus4711abcd   ",
		"participant/properties dial_in api cus4711abcd 4711abcd api guest",
		"service/configuration dial_out sip 4711abcd@y 4711abcd  ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("asked %q\nwant  %q", got, want)
	}
}

func TestPolicyAnswers(t *testing.T) {
	own := func(string) (pexrtctest.Service, error) { return pexrtctest.Service{Name: "own"}, nil }
	result := func(r string) string { return `{"status":"success","action":"continue","result":` + r + `}` }
	for _, tt := range []struct {
		name, service, people string
		status                int
		joined                string // conference_name, or the refusal
	}{
		{"room", room, "", 200, "4711abcd"},
		{"a result counts whatever the action", strings.Replace(room, "continue", "reject", 1), "", 200, "4711abcd"},
		{"reject", `{"status":"success","action":"reject"}`, "", 404, "Neither conference nor gateway found"},
		{"continue", `{"status":"success","action":"continue","result":{}}`, "", 200, "own"},
		{"404", "", "", 200, "own"},
		{"status of failure", strings.Replace(room, "success", "failed", 1), "", 200, "own"},
		{"not JSON", "<html>", "", 200, "own"},
		{"unknown view", strings.Replace(room, `"pin"`, `"view":"mosaic","pin"`, 1), "", 200, "own"},
		{"guests without a host PIN", result(`{"service_type":"conference","name":"x","service_tag":"t","pin":"","allow_guests":true}`), "", 200, "own"},
		{"no service tag", result(`{"service_type":"conference","name":"x"}`), "", 200, "own"},
		{"wrong type", result(`{"service_type":"conference","name":"x","service_tag":"t","allow_guests":"True"}`), "", 200, "own"},
		{"long string", result(`{"service_type":"conference","name":"x","service_tag":"t","description":"` + strings.Repeat("x", 251) + `"}`), "", 200, "own"},
		{"participant refused", room, `{"status":"success","action":"reject","result":{"reject_reason":"Not you"}}`, 403, "Not you"},
		{"participant refused without a word", room, `{"status":"success","action":"reject","result":{}}`, 403, "Call rejected"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPolicyServer(t)
			p.service, p.people = tt.service, tt.people
			srv := start(t, pexrtctest.Options{PolicyURL: p.url, Resolve: own})
			m := &member{t: t, srv: srv, alias: "cus4711abcd"}
			status, got := m.post("request_token", map[string]any{"display_name": "Ada"}, "pin", "none")
			if fields, ok := got.(map[string]any); ok {
				got = fields["conference_name"]
			}
			if status != tt.status || got != tt.joined {
				t.Errorf("%d %v, want %d %s", status, got, tt.status, tt.joined)
			}
		})
	}
}

// A room that the policy does not know as the one that runs calls nobody.
func TestPolicyStopsADial(t *testing.T) {
	for name, answer := range map[string]string{
		"reject": `{"status":"success","action":"reject","result":{}}`, "other name": strings.Replace(room, "4711abcd", "other", 1),
	} {
		t.Run(name, func(t *testing.T) {
			p := newPolicyServer(t)
			p.service, p.dialOut = roomWithCentre, answer
			srv := start(t, pexrtctest.Options{PolicyURL: p.url, Dial: func(context.Context, pexrtctest.DialRequest) (pexrtctest.FarEnd, error) {
				t.Error("called all the same")
				return nil, errors.New("busy")
			}})
			join(t, srv, "cus4711abcd", "none", "Ada")
			<-p.dialled
			if err := srv.AwaitGone(limit(t), func(p pexrtctest.Participant) bool { return p.Direction == "out" }); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMagicNamesAreNotAskedAbout(t *testing.T) {
	p := newPolicyServer(t)
	p.service = `{"status":"success","action":"reject"}`
	srv := start(t, pexrtctest.Options{PolicyURL: p.url, HostPIN: hostPIN})
	join(t, srv, "agthost.late", hostPIN, "Ada")
	if got := p.questions(); len(got) != 0 {
		t.Errorf("asked %q", got)
	}
}
