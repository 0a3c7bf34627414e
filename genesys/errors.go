package genesys

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// What can go wrong, for errors.Is. An *Error says where and with which status.
var (
	// ErrSignIn: the token is expired, revoked or of another region, or the code was not accepted.
	ErrSignIn = errors.New("the agent must sign in to Genesys Cloud")
	// ErrForbidden: the OAuth client is not accepted or lacks a scope, or the agent's role lacks a
	// permission. To sign in again does not help.
	ErrForbidden = errors.New("not allowed by Genesys Cloud")
	// ErrNotFound: no such thing, or one that this agent may not see.
	ErrNotFound = errors.New("not found in Genesys Cloud")
	// ErrRateLimited: too many requests; see Error.RetryAfter.
	ErrRateLimited = errors.New("rate limit of Genesys Cloud")
	// ErrUnavailable: no answer in time, a failing server, or an answer that cannot be read.
	ErrUnavailable = errors.New("no usable answer from Genesys Cloud")
	// ErrNoAlias: the conversation holds no session ID where the AliasSource looks for it.
	ErrNoAlias = errors.New("no session ID in the conversation")
	// ErrBadRegion: the region is not in the table and the addresses are not all given.
	ErrBadRegion = errors.New("unknown Genesys Cloud region")
	// ErrFollowed is the cause of being blind while an earlier Follow of the same Agent runs.
	ErrFollowed = errors.New("the agent is followed already")
)

// Error is a failed exchange with Genesys Cloud. It holds no token and no person's name.
type Error struct {
	Step       string        // what was asked for, such as "conversation c0ffee00-…"
	Host       string        // the far end
	Status     int           // HTTP status; 0 when there was no answer
	Code       string        // the platform's own code, such as missing.any.permissions
	ContextID  string        // what the platform's support asks for
	RetryAfter time.Duration // at 429, at most maxRetryAfter; 0 when not told
	Err        error         // the cause, when the status is not
}

func (e *Error) Error() string {
	parts := make([]string, 0, 3)
	if e.Status != 0 {
		parts = append(parts, fmt.Sprint(e.Status))
		if e.Code == "" && e.Err == nil {
			parts = append(parts, http.StatusText(e.Status))
		}
	}
	if e.Code != "" {
		parts = append(parts, e.Code)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	where := e.Host
	if e.ContextID != "" {
		where += ", context " + e.ContextID
	}
	return fmt.Sprintf("genesys: %s: %s (%s)", e.Step, strings.Join(parts, " "), where)
}

func (e *Error) Unwrap() error { return e.Err }

// Is sorts the error under one of the package's kinds.
func (e *Error) Is(kind error) bool {
	switch {
	case e.Status == http.StatusForbidden, e.Code == "invalid_client", e.Code == "unauthorized_client":
		return kind == ErrForbidden
	case e.Status == http.StatusUnauthorized, e.Code == "invalid_grant":
		return kind == ErrSignIn
	case e.Status == http.StatusNotFound:
		return kind == ErrNotFound
	case e.Status == http.StatusTooManyRequests:
		return kind == ErrRateLimited
	case e.Status >= http.StatusInternalServerError,
		e.Status < http.StatusMultipleChoices && !errors.Is(e.Err, context.Canceled):
		return kind == ErrUnavailable
	}
	return false
}
