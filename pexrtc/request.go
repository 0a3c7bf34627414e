package pexrtc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Deadlines of single requests. ack has none in some official clients, because a node may take its time to start media.
const (
	joinTimeout    = 12 * time.Second
	joinElsewhere  = 6 * time.Second // where there is another node; one waits for its policy server for 5 s
	readyTimeout   = 3 * time.Second
	controlTimeout = 10 * time.Second
	offerTimeout   = 30 * time.Second
	ackTimeout     = 60 * time.Second
)

const (
	maxAnswer = 1 << 20 // bytes of one response body
	maxReason = 200     // bytes of a node's words that we repeat
	attempts  = 3       // of an idempotent request
)

// request is one HTTP exchange with a node.
type request struct {
	step        string // name in errors
	alias, node string
	method, url string
	token, pin  string
	body        any           // JSON; nil: empty
	timeout     time.Duration // for each attempt
	repeat      bool          // idempotent: try again after network trouble, 502 and 504
}

// answer is what came back: the HTTP verdict and the envelope's result.
type answer struct {
	status int
	isJSON bool
	result json.RawMessage
	reason string
}

// do sends r and returns the result of a 2xx answer; anything else is an *Error. The HTTP status decides, not the
// envelope's status field, which nodes fill with "success" for refusals as well.
func (c *Client) do(ctx context.Context, r request) (json.RawMessage, error) {
	a, err := c.exchange(ctx, r)
	if err != nil {
		return nil, err
	}
	if a.status < 200 || a.status > 299 {
		return nil, r.refused(a)
	}
	return a.result, nil
}

// exchange sends r, more than once if it may be repeated, and returns whatever the node said.
func (c *Client) exchange(ctx context.Context, r request) (answer, error) {
	for try := 1; ; try++ {
		a, err := c.once(ctx, r)
		again := err != nil || a.status == http.StatusBadGateway || a.status == http.StatusGatewayTimeout
		if !again || !r.repeat || try == attempts || ctx.Err() != nil {
			return a, err
		}
		if !pause(ctx, backOff(try, 300*time.Millisecond, 2*time.Second)) {
			return a, err
		}
	}
}

func (c *Client) once(ctx context.Context, r request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	req, err := r.build(ctx)
	if err != nil {
		return answer{}, r.failed(nil, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, r.failed(ErrNode, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return answer{}, r.failed(ErrNode, err)
	}
	if len(raw) > maxAnswer {
		return answer{}, r.failed(ErrNode, errors.New("answer too large"))
	}
	return readAnswer(resp.StatusCode, raw), nil
}

func (r request) build(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, body)
	if err != nil {
		return nil, errors.New("bad address")
	}
	req.Header.Set("Content-Type", "application/json")
	if r.token != "" {
		req.Header.Set("token", r.token)
	}
	if r.pin != "" {
		req.Header.Set("pin", r.pin)
	}
	return req, nil
}

// readAnswer opens the envelope {"status":…,"result":…}; an answer without one keeps its status only.
func readAnswer(status int, raw []byte) answer {
	a := answer{status: status}
	var envelope struct {
		Status any             `json:"status"`
		Result json.RawMessage `json:"result"`
		Reason any             `json:"reason"`
	}
	if json.Unmarshal(raw, &envelope) != nil || (envelope.Result == nil && envelope.Status == nil) {
		return a
	}
	a.isJSON, a.result = true, envelope.Result
	var words string
	if json.Unmarshal(envelope.Result, &words) != nil || words == "" {
		words, _ = envelope.Reason.(string)
	}
	a.reason = cleanReason(words)
	return a
}

// refused makes the error of an answer that is not 2xx.
func (r request) refused(a answer) *Error {
	kind := kindOfReason(a.reason)
	if kind == nil {
		kind = kindOfStatus(a.status, a.isJSON, r.token != "")
	}
	reason := a.reason
	if reason == "" && !a.isJSON && kind == ErrNode && !overloaded(a.status) {
		reason = "not a Conferencing Node's answer"
	}
	return &Error{Step: r.step, Alias: r.alias, Node: r.node, Status: a.status, Reason: reason, Kind: kind}
}

// failed makes the error of a request that got no answer. A caller who gave up is not the node's fault.
func (r request) failed(kind, err error) *Error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, context.Canceled) {
		kind = nil
	}
	return &Error{Step: r.step, Alias: r.alias, Node: r.node, Kind: kind, Err: err}
}

// cleanReason makes foreign words fit for a log line.
func cleanReason(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxReason {
		cut := maxReason
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strings.TrimSpace(s)
}

// backOff is the wait before attempt n+1: start×2ⁿ⁻¹ up to limit, ±20 %.
func backOff(n int, start, limit time.Duration) time.Duration {
	d := limit
	if n < 16 {
		d = min(start<<(n-1), limit)
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// pause waits for d; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
