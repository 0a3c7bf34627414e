package pexrtc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

const (
	streamOpen = 10 * time.Second // for the headers of the event stream
	// silence after which the stream is reopened: nodes are not known to send heartbeats, and a reopened stream
	// brings the roster anew.
	streamSilence = 2 * time.Minute
	// streamQuick is how soon after opening a stream may break and still count as failed.
	streamQuick = 5 * time.Second
)

var errSilent = errors.New("stream silent")

// news is what the stream hands to Run: an event, or that the stream broke.
type news struct {
	msg  message
	lost error
}

// follow keeps the event stream open until ctx ends or the node refuses our token, and hands everything to out.
// A stream that is reopened for its silence alone is not reported as lost.
func (p *Participant) follow(ctx context.Context, out chan<- news) error {
	for failures := 0; ; {
		opened := time.Now()
		token, err := p.stream(ctx, out)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		refused := refusesToken(err) || forgotten(err)
		if refused && !p.token.replaced(token) {
			return p.tokenLost("events", err)
		}
		if refused || errors.Is(err, errSilent) { // refused: a refresh overtook us, the next attempt has the new token
			continue
		}
		if time.Since(opened) > streamQuick {
			failures = 0
		}
		failures++
		p.c.mark(p.node, errors.Is(err, ErrNode))
		select {
		case out <- news{lost: err}:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !pause(ctx, backOff(failures, 100*time.Millisecond, 5*time.Second)) {
			return ctx.Err()
		}
	}
}

// stream opens the event stream with the token of the moment and reads until it breaks.
func (p *Participant) stream(ctx context.Context, out chan<- news) (token string, err error) {
	if token, err = p.token.get(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(streamOpen, func() { cancel(context.DeadlineExceeded) })
	defer watchdog.Stop()

	body, err := p.openStream(ctx, token)
	if err != nil {
		return token, err
	}
	defer body.Close()
	watchdog.Stop()
	watchdog = time.AfterFunc(streamSilence, func() { cancel(errSilent) })
	defer watchdog.Stop()

	events := newMessageReader(alive{body, func() { watchdog.Reset(streamSilence) }})
	for {
		msg, err := events.next()
		if err != nil {
			return token, streamError(ctx, err)
		}
		select {
		case out <- news{msg: msg}:
		case <-ctx.Done():
			return token, context.Cause(ctx)
		}
	}
}

// streamError prefers the reason for which we cut the stream ourselves.
func streamError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if errors.Is(err, io.EOF) {
		return errors.New("stream closed by the node")
	}
	return err
}

func (p *Participant) openStream(ctx context.Context, token string) (io.ReadCloser, error) {
	r := request{
		step: "events", alias: p.alias, node: p.node, token: token,
		method: http.MethodGet, url: conferenceURL(p.node, p.alias) + "/events",
	}
	req, err := r.build(ctx)
	if err != nil {
		return nil, r.failed(nil, err)
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := p.c.http.Do(req)
	if err != nil {
		return nil, r.failed(ErrNode, streamError(ctx, err))
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode == http.StatusOK && kind == "text/event-stream" {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if resp.StatusCode == http.StatusOK {
		return nil, r.failed(ErrNode, fmt.Errorf("answer is %q, no event stream", kind))
	}
	return nil, r.refused(readAnswer(resp.StatusCode, raw))
}

// alive calls beat after every read that brought something.
type alive struct {
	r    io.Reader
	beat func()
}

func (a alive) Read(b []byte) (int, error) {
	n, err := a.r.Read(b)
	if n > 0 {
		a.beat()
	}
	return n, err
}
