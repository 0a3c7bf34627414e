package pexrtc

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

const maxToken = 8 << 10

// seconds reads a life time that nodes write as "120" or 120.
type seconds time.Duration

// UnmarshalJSON clamps to 1 s … 1 h; what cannot be read counts as the usual 120 s.
func (s *seconds) UnmarshalJSON(raw []byte) error {
	f, err := strconv.ParseFloat(string(bytes.Trim(raw, `" `)), 64)
	if err != nil || f != f {
		f = 120
	}
	*s = seconds(time.Duration(min(max(f, 1), 3600) * float64(time.Second)))
	return nil
}

// life is the duration to count with; an absent field means 120 s.
func (s seconds) life() time.Duration {
	if s == 0 {
		return 120 * time.Second
	}
	return time.Duration(s)
}

// flag reads booleans that older fields spell "YES" and "NO".
type flag bool

func (f *flag) UnmarshalJSON(raw []byte) error {
	s := strings.ToUpper(string(bytes.Trim(raw, `"`)))
	*f = s == "YES" || s == "TRUE"
	return nil
}

// text reads a string, and anything else as its absence or its digits.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*t = text(s)
	} else if len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
		*t = text(raw)
	}
	return nil
}

// number reads a JSON number or its string; the rest is 0.
type number float64

func (n *number) UnmarshalJSON(raw []byte) error {
	f, err := strconv.ParseFloat(string(bytes.Trim(raw, `"`)), 64)
	if err == nil && f == f {
		*n = number(f)
	}
	return nil
}

// list reads a string or an array of strings.
type list []string

func (l *list) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*l = list{one}
		return nil
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		*l = many
	}
	return nil
}

// tokenAnswer is the result of request_token (and, in part, of refresh_token).
type tokenAnswer struct {
	Token            string   `json:"token"`
	Expires          seconds  `json:"expires"`
	ParticipantUUID  string   `json:"participant_uuid"`
	Role             text     `json:"role"`
	DisplayName      text     `json:"display_name"`
	Version          version  `json:"version"`
	VP9              flag     `json:"vp9_enabled"`
	TrickleICE       flag     `json:"trickle_ice_enabled"`
	GuestsCanPresent flag     `json:"guests_can_present"`
	ChatEnabled      flag     `json:"chat_enabled"`
	RelayOnly        flag     `json:"use_relay_candidates_only"`
	STUN             []server `json:"stun"`
	TURN             []server `json:"turn"`
}

type version struct {
	ID text `json:"version_id"`
}

// UnmarshalJSON tolerates a version that is no object.
func (v *version) UnmarshalJSON(raw []byte) error {
	var plain struct {
		ID text `json:"version_id"`
	}
	if json.Unmarshal(raw, &plain) == nil {
		v.ID = plain.ID
	}
	return nil
}

// check refuses tokens and identifiers that no header or path can carry.
func (t tokenAnswer) check() error {
	if checkText("token", t.Token, maxToken) != nil || checkText("participant", t.ParticipantUUID, 128) != nil {
		return &Error{Step: "request_token", Kind: ErrNode, Err: errors.New("unusable token in the answer")}
	}
	return nil
}
