package genesys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

const (
	attemptTime   = 5 * time.Second // of one exchange
	maxAnswer     = 4 << 20         // bytes of one REST answer
	maxErrorBody  = 64 << 10        // bytes read of an answer that is not a success
	maxRetryAfter = 5 * time.Minute // what we believe of Retry-After

	keptConnections = 16 // per host
)

var errTooLong = errors.New("answer is too long")

// wire carries the requests of one call. Other than a plain transport it ends with the call's context, reads
// the whole answer within limits, and gives an *Error for each answer that is not a success, so that
// status, code and Retry-After reach us through libraries that drop them.
type wire struct {
	ctx  context.Context
	step string
	base http.RoundTripper
}

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	failed := &Error{Step: w.step, Host: req.URL.Host}
	req = req.Clone(w.ctx)
	req.Close = false
	res, err := w.base.RoundTrip(req)
	if err != nil {
		failed.Err = err
		return nil, failed
	}
	defer res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		failed.refused(res)
		return nil, failed
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errTooLong
	}
	if err != nil {
		failed.Err = err
		return nil, failed
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

// codeForm is what a code of the platform looks like: longer or odder text from outside is not repeated.
var codeForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._ -]{0,79}$`)

// refused notes what an answer that is not a success says. The login host says "error" where the API
// says "code".
func (e *Error) refused(res *http.Response) {
	e.Status = res.StatusCode
	e.RetryAfter = retryAfter(res.Header.Get("Retry-After"), time.Now())
	var told struct {
		Code, Error, ContextID any
	}
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
	_ = json.Unmarshal(body, &told) // what is no JSON tells nothing
	for _, code := range []any{told.Code, told.Error} {
		if text, ok := code.(string); ok && e.Code == "" && codeForm.MatchString(text) {
			e.Code = text
		}
	}
	for _, id := range []any{told.ContextID, res.Header.Get("ININ-Correlation-Id")} {
		if text, ok := id.(string); ok && e.ContextID == "" && idForm.MatchString(text) {
			e.ContextID = text
		}
	}
}

// retryAfter reads the header: seconds or a date.
func retryAfter(header string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.Atoi(header); err == nil {
		wait = time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// asError gives the *Error within what a library returned, or makes one: then there was an answer, and it
// could not be read.
func asError(err error, step, host string) error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	return &Error{Step: step, Host: host, Err: err}
}

// idForm is the form of the platform's identifiers, UUIDs as a rule.
var idForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]{0,63}$`)

// transportOf is the transport under all traffic.
func transportOf(client *http.Client) http.RoundTripper {
	if client != nil && client.Transport != nil {
		return client.Transport
	}
	own := http.DefaultTransport.(*http.Transport).Clone()
	own.MaxIdleConnsPerHost = keptConnections
	return own
}
