package customerapp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/session/invite"
)

// invitationRequest is what POST takes; every field may be missing.
type invitationRequest struct {
	DisplayName string            `json:"display_name"`
	Locale      string            `json:"locale"`
	ExpiresIn   *int64            `json:"expires_in"` // seconds
	ExpiresAt   *time.Time        `json:"expires_at"`
	SingleUse   bool              `json:"single_use"`
	Attributes  map[string]string `json:"attributes"`
	ReturnURL   string            `json:"return_url"`
}

// invitation is one in an answer.
type invitation struct {
	ID          string            `json:"id"`
	Link        string            `json:"link"`
	Alias       string            `json:"alias"`
	Status      string            `json:"status"` // open, used, expired or withdrawn
	DisplayName string            `json:"display_name,omitempty"`
	Locale      string            `json:"locale,omitempty"`
	SingleUse   bool              `json:"single_use"`
	Attributes  map[string]string `json:"attributes,omitempty"`
	ReturnURL   string            `json:"return_url,omitempty"`
	CreatedAt   time.Time         `json:"created_at"`
	ExpiresAt   time.Time         `json:"expires_at"`
	RedeemedAt  *time.Time        `json:"redeemed_at,omitempty"`
}

// invitationList is one page of them, the newest first.
type invitationList struct {
	Invitations []invitation `json:"invitations"`
	Next        string       `json:"next,omitempty"` // cursor of the page after
}

func (a *App) invitation(s invite.Session) invitation {
	i := invitation{
		ID: s.ID, Link: a.cfg.URL + "/i/" + s.Token, Alias: a.cfg.CustomerPrefix + s.ID, Status: linkStatus(s),
		DisplayName: s.DisplayName, Locale: s.Locale, SingleUse: s.SingleUse, Attributes: s.Attributes, ReturnURL: s.ReturnURL,
		CreatedAt: s.Created.UTC().Truncate(time.Second), ExpiresAt: s.Expires.UTC(),
	}
	if !s.Redeemed.IsZero() {
		at := s.Redeemed.UTC().Truncate(time.Second)
		i.RedeemedAt = &at
	}
	return i
}

func linkStatus(s invite.Session) string {
	err := s.Usable()
	switch {
	case errors.Is(err, invite.ErrUsed):
		return "used"
	case errors.Is(err, invite.ErrExpired):
		return "expired"
	case errors.Is(err, invite.ErrWithdrawn):
		return "withdrawn"
	}
	return "open"
}

// maxBody bounds a request, in bytes: twice what the limits of its fields add up to.
const maxBody = 32 << 10

// readInvitation reads what POST was given. Errors are for the caller of the API.
func readInvitation(c echo.Context) (inv invite.Invitation, err error) {
	r := c.Request()
	if kind := r.Header.Get("Content-Type"); kind != "" {
		if media, _, err := mime.ParseMediaType(kind); err != nil || media != "application/json" {
			return inv, &apiError{http.StatusUnsupportedMediaType, "unsupported_media_type", "The body must be application/json."}
		}
	}
	var asked invitationRequest
	body := json.NewDecoder(http.MaxBytesReader(c.Response(), r.Body, maxBody))
	body.DisallowUnknownFields()
	if err := body.Decode(&asked); err != nil && !errors.Is(err, io.EOF) {
		return inv, jsonError(err)
	}
	if _, err := body.Token(); !errors.Is(err, io.EOF) {
		return inv, badRequest("The body goes on after the invitation.")
	}
	inv = invite.Invitation{
		DisplayName: asked.DisplayName, Locale: asked.Locale, SingleUse: asked.SingleUse,
		Attributes: asked.Attributes, ReturnURL: asked.ReturnURL,
	}
	if asked.ExpiresAt != nil {
		inv.Until = *asked.ExpiresAt
	}
	if asked.ExpiresIn != nil {
		// Beyond these bounds it is refused all the same; within, it cannot overflow.
		seconds := min(max(*asked.ExpiresIn, -1), int64(2*invite.MaxLife/time.Second))
		inv.Life = time.Duration(seconds) * time.Second
		if seconds == 0 || asked.ExpiresAt != nil && inv.Until.IsZero() {
			return inv, badExpiry
		}
	}
	if asked.ExpiresAt != nil && inv.Until.IsZero() {
		return inv, badExpiry
	}
	return inv, nil
}

var badExpiry = badRequest("expires_in or expires_at is zero.")

// jsonError says what is wrong with a body, without quoting more of it than a field's name.
func jsonError(err error) *apiError {
	var size *http.MaxBytesError
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	var moment *time.ParseError
	switch {
	case errors.As(err, &size):
		return &apiError{http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("The body is larger than %d bytes.", maxBody)}
	case errors.As(err, &kind) && kind.Field != "":
		return badRequest(fmt.Sprintf("%.60s is a %s where another type is needed.", kind.Field, kind.Value))
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF):
		return badRequest("The body is not JSON.")
	case errors.As(err, &moment):
		return badRequest("expires_at is not a time such as 2026-01-31T12:00:00Z.")
	}
	return badRequest(fmt.Sprintf("The body is not an invitation: %.100s.", err))
}

// fields are the API's names for what invite finds invalid.
var fields = map[string]string{
	"name": "display_name", "locale": "locale", "attributes": "attributes",
	"expiry": "The time in expires_in or expires_at", "return": "return_url",
}

// invalid is the answer to an invitation that cannot be made as asked for, or nil.
func invalid(err error) *apiError {
	var i *invite.Invalid
	if !errors.As(err, &i) {
		return nil
	}
	return badRequest(fields[i.Field] + " " + i.Reason + ".")
}
