package pexrtc

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Kinds of failure, for errors.Is. Every *Error has at most one.
var (
	// ErrPIN: the conference wants a PIN and got none, or a wrong one.
	ErrPIN = errors.New("PIN refused")
	// ErrNoConference: no service answers to the alias, or policy rejected us. Do not retry in a loop: nodes block
	// addresses that keep asking.
	ErrNoConference = errors.New("no such conference")
	// ErrRole: the request is for hosts and we are a guest.
	ErrRole = errors.New("not allowed in this role")
	// ErrCapacity: licences, ports or participant limits are used up.
	ErrCapacity = errors.New("no capacity")
	// ErrNode: the node is unreachable, in maintenance, or no Conferencing Node at all.
	ErrNode = errors.New("node not available")
	// ErrTokenLost: the node no longer knows our token; joining again is the way back.
	ErrTokenLost = errors.New("token lost")
	// ErrEnded: the conference is over.
	ErrEnded = errors.New("conference ended")
	// ErrRemoved: someone removed us. Do not rejoin: two instances would throw each other out for ever.
	ErrRemoved = errors.New("removed from the conference")
	// ErrMedia: the media call was refused or lost; the participant may live on.
	ErrMedia = errors.New("media call failed")
	// ErrSignIn: the conference wants an identity provider, an extension or another answer only a person can give.
	ErrSignIn = errors.New("conference needs an interactive sign-in")
)

// Error says which request failed, at which node, and why.
type Error struct {
	Step   string // the request of the client API, or "events", "offer"
	Alias  string // the alias we joined
	Node   string // base URL of the node; empty for errors that arose before any request
	Status int    // HTTP status; 0 when there was no answer
	Reason string // the node's words, cleaned and shortened
	Kind   error  // one of the sentinels above; nil for the rest
	Err    error  // the cause on our side (network, context), if any
}

// Error reads like `pexrtc: request_token agt4711@https://node: 403 Invalid PIN`.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "pexrtc: %s", e.Step)
	if e.Alias != "" || e.Node != "" {
		fmt.Fprintf(&b, " %s@%s", e.Alias, e.Node)
	}
	b.WriteByte(':')
	if e.Status != 0 {
		fmt.Fprintf(&b, " %d", e.Status)
	}
	switch {
	case e.Reason != "":
		b.WriteString(" " + e.Reason)
	case e.Err != nil:
		b.WriteString(" " + e.Err.Error())
	case e.Kind != nil:
		b.WriteString(" " + e.Kind.Error())
	default:
		b.WriteString(" " + http.StatusText(e.Status))
	}
	return b.String()
}

// Unwrap gives errors.Is both the kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Kind != nil {
		errs = append(errs, e.Kind)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// reasons maps what nodes say (prefix match, any case) to a kind.
var reasons = []struct {
	prefix string
	kind   error
}{
	{"invalid pin", ErrPIN},
	{"exceeded pin entry retries", ErrPIN},
	{"invalid role", ErrRole},
	{"invalid token", ErrTokenLost},
	{"timer expired awaiting token refresh", ErrTokenLost},
	{"neither conference nor gateway found", ErrNoConference},
	{"resource unavailable", ErrNoConference},
	{"participant limit reached", ErrCapacity},
	{"out of resource", ErrCapacity},
	{"out of transcoding resource", ErrCapacity},
	{"out of proxying resource", ErrCapacity},
	{"insufficient licenses", ErrCapacity},
	{"invalid license", ErrCapacity},
	{"maintenance mode", ErrNode},
	{"failed to forward request", ErrNode},
	{"signaling node disconnected", ErrNode},
	{"media node disconnected", ErrNode},
	{"media process disconnected", ErrNode},
	{"api initiated conference termination", ErrEnded},
	{"conference terminated by", ErrEnded},
	{"api initiated participant disconnect", ErrRemoved},
	{"disconnected by an administrator", ErrRemoved},
	{"disconnected by another participant", ErrRemoved},
	{"timeout waiting for conference host", ErrEnded},
	{"no participants can keep conference alive", ErrEnded},
	{"all conference hosts departed", ErrEnded},
	{"last remaining participant removed", ErrEnded},
	{"test call finished", ErrEnded},
	{"call disconnected", ErrMedia},
	{"call rejected", ErrMedia},
	{"gateway dial out failed", ErrMedia},
	{"ice failure", ErrMedia},
	{"transfer failed", ErrMedia},
}

// kindOfReason finds the kind of a node's words; nil when they say nothing we know.
func kindOfReason(reason string) error {
	low := strings.ToLower(reason)
	for _, r := range reasons {
		if strings.HasPrefix(low, r.prefix) {
			return r.kind
		}
	}
	return nil
}

// kindOfStatus is the verdict of the HTTP status where the words did not decide.
// withToken says that the request carried our token.
func kindOfStatus(status int, isJSON, withToken bool) error {
	switch {
	case status >= 300 && status < 400, status == http.StatusNotFound && !isJSON:
		return ErrNode
	case status == http.StatusNotFound && !withToken:
		return ErrNoConference
	case status == http.StatusUnauthorized && withToken:
		return ErrTokenLost
	case overloaded(status):
		return ErrNode
	}
	return nil
}

// overloaded statuses come from a node or proxy that cannot serve us now; another node may.
func overloaded(status int) bool {
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, 529:
		return true
	}
	return false
}
