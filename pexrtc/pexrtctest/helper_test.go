package pexrtctest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const hostPIN = "1234"

// limit is how long anything may take.
func limit(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, opts pexrtctest.Options) *pexrtctest.Server {
	t.Helper()
	srv := pexrtctest.New(opts)
	t.Cleanup(srv.Close)
	return srv
}

// member is a client of the node, written from the API's documentation.
type member struct {
	t     *testing.T
	srv   *pexrtctest.Server
	alias string
	token string
	uuid  string
	role  string
	wait  string // current_service_type
}

// join requests a token and fails the test if there is none.
func join(t *testing.T, srv *pexrtctest.Server, alias, pin, name string) *member {
	t.Helper()
	m := &member{t: t, srv: srv, alias: alias}
	status, result := m.post("request_token", map[string]any{"display_name": name, "call_tag": "tag-" + name}, "pin", pin)
	if status != http.StatusOK {
		t.Fatalf("request_token %s as %s: %d %v", alias, name, status, result)
	}
	fields := result.(map[string]any)
	m.token = fields["token"].(string)
	m.uuid = fields["participant_uuid"].(string)
	m.role = fields["role"].(string)
	m.wait = fields["current_service_type"].(string)
	return m
}

// post sends a request below the conference with one more header, if it has a value.
func (m *member) post(path string, body any, header ...string) (int, any) {
	m.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		m.t.Fatal(err)
	}
	return m.do(http.MethodPost, path, b, header...)
}

func (m *member) do(method, path string, body []byte, header ...string) (int, any) {
	m.t.Helper()
	url := m.srv.URL + "/api/client/v2/conferences/" + m.alias + "/" + path
	req, err := http.NewRequestWithContext(limit(m.t), method, url, bytes.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	if m.token != "" {
		req.Header.Set("token", m.token)
	}
	if len(header) == 2 && header[1] != "" {
		req.Header.Set(header[0], header[1])
	}
	resp, err := m.srv.Client().Do(req)
	if err != nil {
		m.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	var envelope struct {
		Status string
		Result any
	}
	if resp.StatusCode != http.StatusNoContent {
		if err := json.Unmarshal(text, &envelope); err != nil {
			m.t.Fatalf("%s %s: %d %q is no envelope", method, path, resp.StatusCode, text)
		}
	}
	return resp.StatusCode, envelope.Result
}

// must sends a request that has to succeed.
func (m *member) must(path string, body any) any {
	m.t.Helper()
	status, result := m.post(path, body)
	if status != http.StatusOK {
		m.t.Fatalf("%s: %d %v", path, status, result)
	}
	return result
}

// self is a request about the member itself.
func (m *member) self(request string) string { return "participants/" + m.uuid + "/" + request }

func await(t *testing.T, srv *pexrtctest.Server, what string, match func(pexrtctest.Participant) bool) pexrtctest.Participant {
	t.Helper()
	p, err := srv.AwaitParticipant(limit(t), match)
	if err != nil {
		t.Fatalf("%s: %v\n%+v", what, err, srv.Participants(""))
	}
	return p
}

func named(name string) func(pexrtctest.Participant) bool {
	return func(p pexrtctest.Participant) bool { return p.DisplayName == name }
}
