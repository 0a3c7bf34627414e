package policy

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Config is what a policy needs.
type Config struct {
	Rooms
	// Open says whether a session is open: nil, ErrUnknown, ErrExpired, ErrClosed, or why it cannot
	// tell. It must be quick, since a call waits for it, and say the same as long as nothing
	// happens: a node asks many times for one join.
	Open func(ctx context.Context, id string) (Session, error)
	// Observe sees each decision after it was made, from the request's goroutine; nil does nothing.
	Observe func(Decision)
	Log     *slog.Logger // one line for each decision
}

// Policy answers the nodes. All methods may be called from any goroutine.
type Policy struct{ cfg Config }

// New returns the policy; the error says which value no node would take.
func New(cfg Config) (*Policy, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if cfg.Open == nil || cfg.Log == nil {
		return nil, errors.New("policy: Open and Log are needed")
	}
	if cfg.Outbound != "" {
		cfg.devices = regexp.MustCompile("^(" + cfg.Outbound + ")$") // it was checked
	}
	if cfg.Observe == nil {
		cfg.Observe = func(Decision) {}
	}
	return &Policy{cfg}, nil
}

// envelope is the body of an answer.
type envelope struct {
	Status string `json:"status"`
	Action string `json:"action"`
	Result any    `json:"result"`
	Reason string `json:"reason,omitempty"`
}

// ServeHTTP answers one question of a node. Who may ask is for the caller to check.
func (p *Policy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusMethodNotAllowed)
		_, _ = io.WriteString(w, `{"error":{"code":"method_not_allowed","message":"Policy requests are made with GET."}}`)
		return
	}
	began := time.Now()
	q := parse(r.URL.RawQuery)
	d := p.answer(r.Context(), strings.TrimPrefix(strings.TrimSuffix(r.URL.Path, "/"), "/policy/v1/"), q)
	d.Took = time.Since(began)
	p.cfg.Observe(d)
	p.cfg.Log.Info("policy", "request", d.Request, "verdict", string(d.Verdict), "reason", d.Reason, "session", d.Session,
		"direction", short(q.direction), "protocol", short(q.protocol), "trigger", short(q.trigger), "node", short(q.node), "took", d.Took)
	status, body := d.wire()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a node that has gone asks again
}

// answer decides by the path of a request below /policy/v1/.
func (p *Policy) answer(ctx context.Context, path string, q question) Decision {
	var d Decision
	switch kind, rest, _ := strings.Cut(path, "/"); {
	case path == "service/configuration":
		d = p.service(ctx, q)
		d.Request = "service"
	case path == "participant/properties":
		d = p.participant(ctx, q)
		d.Request = "participant"
	case path == "participant/location":
		d = decide(NotOurs, "no-say", "", nil)
		d.Request = "location"
	case strings.HasPrefix(path, "participant/avatar"):
		d = decide(NotOurs, "no-say", "", nil)
		d.Request = "avatar"
	case kind == "registrations" && rest == "":
		d = decide(Continue, "no-say", "", []any{}) // an empty directory adds nothing to Pexip's own
		d.Request = "directory"
	case kind == "registrations":
		d = decide(Continue, "no-say", "", nil)
		d.Request = "registration"
	default:
		d = decide(NotOurs, "no-say", "", nil)
		d.Request = "unknown"
	}
	return d
}

// wire is a decision as the node reads it. For what is not ours it is the 404 that lets the node
// go on by itself.
func (d Decision) wire() (status int, body []byte) {
	status, e := http.StatusOK, envelope{Status: "success", Action: "continue", Result: d.result, Reason: d.why}
	switch d.Verdict {
	case NotOurs:
		status, e.Status = http.StatusNotFound, "fail"
	case Refuse:
		e.Action = "reject"
	}
	body, err := json.Marshal(e)
	if err != nil {
		// Our own structs marshal. Should one not, a refusal is the safe answer.
		return http.StatusOK, []byte(`{"status":"success","action":"reject","result":{}}`)
	}
	return status, body
}

// short keeps foreign text within a log line.
func short(s string) string {
	if len(s) > 60 {
		return s[:60]
	}
	return s
}
