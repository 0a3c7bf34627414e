package genesystest

import (
	"bufio"
	"context"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	maxBody    = 256 << 10
	maxJournal = 2000 // requests remembered
)

// Request is an entry of the journal of handled requests. It holds no query, body or header.
type Request struct {
	Time         time.Time
	Method, Path string
	User         string // ID of the token's user; "" = none
	Status       int    // 0 = cut
}

// Requests returns the latest requests, oldest first; a request is entered when its handling ends.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.journal...)
}

// AwaitRequest waits for a request that satisfies ok; earlier ones count.
func (s *Server) AwaitRequest(ctx context.Context, ok func(Request) bool) error {
	return s.await(ctx, "a request", func() bool {
		for _, r := range s.journal {
			if ok(r) {
				return true
			}
		}
		return false
	})
}

// gate is in front of every handler: it counts the work, spoils what OnRequest wants spoiled, keeps the journal.
func (s *Server) gate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.begin() {
			panic(http.ErrAbortHandler)
		}
		defer s.work.Done()
		rec := &recorder{ResponseWriter: w}
		defer s.enter(r, rec)
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		w.Header().Set("ININ-Correlation-Id", uuid.NewString())
		if s.opts.OnRequest != nil && s.spoil(rec, r, s.opts.OnRequest(r)) {
			return
		}
		next.ServeHTTP(rec, r)
	})
}

// spoil does what the fault says and tells whether the request is over.
func (s *Server) spoil(w http.ResponseWriter, r *http.Request, f *Fault) bool {
	if f == nil {
		return false
	}
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
		}
	}
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	if f.Status == 0 {
		return false
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", seconds(f.RetryAfter))
	}
	if f.Body == "" {
		fail(w, refuse(f.Status, faultCode(f.Status), "%s", http.StatusText(f.Status)))
		return true
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body))
	return true
}

func faultCode(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "bad.credentials"
	case http.StatusForbidden:
		return "missing.any.permissions"
	case http.StatusTooManyRequests:
		return "too.many.requests"
	default:
		return strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", ".")
	}
}

func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

func (s *Server) enter(r *http.Request, rec *recorder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := Request{Time: time.Now(), Method: r.Method, Path: r.URL.Path, Status: rec.status}
	if t := s.oauth.token(bearer(r)); t != nil && t.user != nil {
		entry.User = t.user.ID
	}
	s.journal = append(s.journal, entry)
	if extra := len(s.journal) - maxJournal; extra > 0 {
		s.journal = s.journal[extra:]
	}
	s.wake()
	s.log.Debug("request", "method", entry.Method, "path", entry.Path, "status", entry.Status)
}

// recorder notes the status of an answer. It unwraps for flushing and hijacking.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Hijack hands out the connection, for sockets.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.status = http.StatusSwitchingProtocols
	return http.NewResponseController(r.ResponseWriter).Hijack()
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return token
}

// window counts a token's requests of one minute.
type window struct {
	since time.Time
	count int
}

// spend books a request against the token's rate limit and writes the limit's headers. False = answered with 429.
func (s *Server) spend(w http.ResponseWriter, token string) bool {
	if s.opts.RateLimit < 0 {
		return true
	}
	now := time.Now()
	s.mu.Lock()
	win := s.limits[token]
	if len(s.limits) >= maxSecrets {
		clear(s.limits)
	}
	if win == nil || now.Sub(win.since) >= time.Minute {
		win = &window{since: now}
		s.limits[token] = win
	}
	win.count++
	count, reset := win.count, win.since.Add(time.Minute).Sub(now)
	s.mu.Unlock()
	h := w.Header()
	h.Set("inin-ratelimit-count", strconv.Itoa(count))
	h.Set("inin-ratelimit-allowed", strconv.Itoa(s.opts.RateLimit))
	h.Set("inin-ratelimit-reset", seconds(reset))
	if count <= s.opts.RateLimit {
		return true
	}
	h.Set("Retry-After", seconds(reset))
	fail(w, refuse(http.StatusTooManyRequests, "token.rate.per.minute", "Rate limit exceeded the maximum. Retry the request in [%s] seconds", seconds(reset)))
	return false
}
