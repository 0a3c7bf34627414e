package pexrtctest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// policyTimeout is how long a node waits for a policy server; it cannot be configured there either.
const policyTimeout = 5 * time.Second

// maxPolicyText is the longest string in a policy's answer.
const maxPolicyText = 250

var errRejected = errors.New("pexrtctest: rejected by the policy")

// policyAnswer is the envelope of service configuration and participant properties.
type policyAnswer struct {
	Status string          `json:"status"`
	Action string          `json:"action"`
	Result json.RawMessage `json:"result"`
	Reason string          `json:"reason"`
}

// newPolicyClient follows no redirects: a node takes one for a failure.
func newPolicyClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	return &http.Client{Transport: t, Timeout: policyTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// askPolicy makes one policy request. An error means to go on without an answer.
func (s *Server) askPolicy(ctx context.Context, request string, q url.Values) (a policyAnswer, err error) {
	target := strings.TrimSuffix(s.opts.PolicyURL, "/") + "/policy/v1/" + request + "?" + q.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return a, err
	}
	resp, err := s.outside.Do(r)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return a, err
	}
	if resp.StatusCode != http.StatusOK {
		return a, fmt.Errorf("status %d", resp.StatusCode)
	}
	if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		return a, fmt.Errorf("content type %q", kind)
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return a, err
	}
	if a.Status != "success" {
		return a, fmt.Errorf("status %q", a.Status)
	}
	return a, nil
}

// question are the parameters that all requests about p have. Like everything in a query string,
// booleans are words, and what is not known is an empty value.
func (s *Server) question(p *participant) url.Values {
	direction, trigger := "dial_"+p.direction, "web"
	if p.protocol == protocolSIP {
		trigger = "invite"
	}
	return url.Values{
		"call_direction": {direction}, "protocol": {p.protocol}, "local_alias": {p.alias}, "remote_alias": {p.displayName},
		"remote_display_name": {p.displayName}, "call_tag": {p.callTag}, "trigger": {trigger}, "registered": {"False"},
		"bandwidth": {"0"}, "vendor": {"Pexip stand-in"}, "location": {"Stand-in"}, "node_ip": {nodeAddress},
		"remote_address": {nodeAddress}, "remote_port": {"0"}, "version_id": {s.opts.Version},
		"pseudo_version_id": {s.opts.Version + "000.0.0"},
	}
}

// nodeAddress is what the node calls itself: there is one, and it is here.
const nodeAddress = "127.0.0.1"

// resolve says what an alias stands for when p dials it: first the policy is asked, and where that
// has nothing to say, Resolve. Magic names are nobody else's.
func (s *Server) resolve(ctx context.Context, p *participant) (Service, error) {
	if s.opts.PolicyURL == "" || isMagic(p.alias) {
		return s.opts.Resolve(p.alias)
	}
	service, err := s.configuration(ctx, s.question(p))
	if errors.Is(err, errRejected) {
		return Service{}, err
	}
	if err != nil {
		s.opts.Log.Info("policy not followed", "alias", p.alias, "err", err)
		return s.opts.Resolve(p.alias)
	}
	return service, nil
}

// configuration asks for a service: a usable result counts whatever the action, an invalid one not
// at all.
func (s *Server) configuration(ctx context.Context, q url.Values) (Service, error) {
	a, err := s.askPolicy(ctx, "service/configuration", q)
	switch {
	case err != nil:
		return Service{}, err
	case len(a.Result) > 0 && string(a.Result) != "{}" && string(a.Result) != "null":
		return readService(a.Result)
	case a.Action == "reject":
		return Service{}, fmt.Errorf("%w: %s", errRejected, a.Reason)
	}
	return Service{}, errors.New("no result")
}

// confirm asks, as a node does before it dials out of a room, for the service that runs. It says
// whether the call may be made.
func (s *Server) confirm(ctx context.Context, p *participant, req DialRequest) error {
	if s.opts.PolicyURL == "" {
		return nil
	}
	q := s.question(p)
	q.Set("service_name", req.Conference)
	q.Set("service_tag", req.ServiceTag)
	q.Set("remote_alias", req.Destination)
	q.Set("trigger", "unspecified")
	service, err := s.configuration(ctx, q)
	if errors.Is(err, errRejected) {
		return err
	}
	if err == nil && service.Name != req.Conference {
		return fmt.Errorf("pexrtctest: the policy calls the room %q, not %q", service.Name, req.Conference)
	}
	return nil // without an answer the node goes by what runs
}

// properties asks whether p may join, as what, and by which name. kind is api, api_host or
// standard. A reply with a status is a refusal. p is not in a room yet, or s.mu is not needed for
// what is read of it.
func (s *Server) properties(ctx context.Context, service Service, p *participant, kind string) reply {
	if s.opts.PolicyURL == "" || isMagic(p.alias) {
		return reply{}
	}
	q := s.question(p)
	q.Set("service_name", service.Name)
	q.Set("unique_service_name", service.Name)
	q.Set("service_tag", service.Tag)
	q.Set("participant_type", kind)
	q.Set("participant_uuid", p.uuid)
	q.Set("preauthenticated_role", p.role)
	a, err := s.askPolicy(ctx, "participant/properties", q)
	if err != nil {
		return reply{}
	}
	var result struct {
		Role   *string `json:"preauthenticated_role"`
		Name   *string `json:"remote_display_name"`
		Reject string  `json:"reject_reason"`
	}
	if len(a.Result) > 0 && json.Unmarshal(a.Result, &result) != nil || len(result.Reject) > maxPolicyText {
		return reply{}
	}
	if a.Action == "reject" {
		setDefault(&result.Reject, "Call rejected")
		return answer(http.StatusForbidden, result.Reject)
	}
	if result.Role != nil && roleFrom(*result.Role) != "" && kind != "standard" {
		p.role = *result.Role
	}
	if result.Name != nil && *result.Name != "" && kind != "standard" {
		p.displayName = *result.Name
	}
	return reply{}
}

// standard asks about a participant once more when its media begins.
func (s *Server) standard(ctx context.Context, p *participant) reply {
	s.mu.Lock()
	copied := participant{uuid: p.uuid, alias: p.alias, displayName: p.displayName, callTag: p.callTag, role: p.role,
		protocol: protocolWebRTC, direction: p.direction}
	service := p.conference.service
	s.mu.Unlock()
	return s.properties(ctx, service, &copied, "standard")
}

// wireService is a conference as a policy describes it; the wrong type of any value spoils it all.
type wireService struct {
	Name          string  `json:"name"`
	ServiceType   string  `json:"service_type"`
	Tag           *string `json:"service_tag"`
	Description   string  `json:"description"`
	PIN           string  `json:"pin"`
	AllowGuests   bool    `json:"allow_guests"`
	GuestPIN      string  `json:"guest_pin"`
	GuestsPresent *bool   `json:"guests_can_present"`
	Locked        bool    `json:"locked"`
	Limit         *int    `json:"participant_limit"`
	CallType      string  `json:"call_type"`
	View          string  `json:"view"`
	Overlay       bool    `json:"enable_overlay_text"`
	Theme         string  `json:"ivr_theme_name"`
	Crypto        *string `json:"crypto_mode"`
	LocalName     string  `json:"local_display_name"`
	Automatic     []struct {
		RemoteAlias string `json:"remote_alias"`
		RemoteName  string `json:"remote_display_name"`
		LocalAlias  string `json:"local_alias"`
		LocalName   string `json:"local_display_name"`
		Protocol    string `json:"protocol"`
		CallType    string `json:"call_type"`
		Role        string `json:"role"`
		Routing     string `json:"routing"`
		KeepAlive   string `json:"keep_conference_alive"`
		DTMF        string `json:"dtmf_sequence"`
	} `json:"automatic_participants"`
}

// policyViews are the layouts of the documentation; "" is the node's own.
var policyViews = []string{"", "one_main_zero_pips", "one_main_seven_pips", "one_main_twentyone_pips", "two_mains_twentyone_pips",
	"one_main_thirtythree_pips", "four_mains_zero_pips", "nine_mains_zero_pips", "sixteen_mains_zero_pips",
	"twentyfive_mains_zero_pips", "five_mains_seven_pips", "one_main_one_pip", "one_main_nine_around",
	"one_main_twelve_around", "two_mains_eight_around"}

var policyPIN = regexp.MustCompile(`^([0-9]{4,20}#?)?$`)

// readService checks every value of a result, as a node does before it uses any.
func readService(result json.RawMessage) (Service, error) {
	var w wireService
	if err := json.Unmarshal(result, &w); err != nil {
		return Service{}, fmt.Errorf("invalid value: %w", err)
	}
	if err := checkStrings(result); err != nil {
		return Service{}, err
	}
	invalid := func(field string) (Service, error) { return Service{}, fmt.Errorf("invalid value for %s", field) }
	switch {
	case w.Name == "" || w.Tag == nil:
		return invalid("name or service_tag")
	case w.ServiceType != "conference" && w.ServiceType != "lecture":
		return invalid("service_type")
	case !slices.Contains(policyViews, w.View):
		return invalid("view")
	case !oneOf(w.CallType, "", "video", "video-only", "audio"):
		return invalid("call_type")
	case w.Crypto != nil && !oneOf(*w.Crypto, "besteffort", "on", "off"):
		return invalid("crypto_mode")
	case w.Limit != nil && *w.Limit < 1:
		return invalid("participant_limit")
	case !w.validPINs():
		return invalid("pin")
	}
	s := Service{Name: w.Name, Tag: *w.Tag, HostPIN: w.PIN, AllowGuests: w.AllowGuests, GuestPIN: w.GuestPIN}
	if w.Limit != nil {
		s.ParticipantLimit = *w.Limit
	}
	for _, a := range w.Automatic {
		if a.RemoteAlias == "" || a.LocalAlias == "" || !oneOf(a.Protocol, "sip", "h323", "mssip", "rtmp") ||
			!oneOf(a.Role, roleChair, roleGuest) || !oneOf(a.CallType, "", "video", "video-only", "audio") ||
			!oneOf(a.Routing, "", "manual", "routing_rule") ||
			!oneOf(a.KeepAlive, "", "keep_conference_alive", "keep_conference_alive_if_multiple", "keep_conference_alive_never") {
			return invalid("automatic_participants")
		}
		s.AutomaticParticipants = append(s.AutomaticParticipants, AutomaticParticipant{
			RemoteAlias: a.RemoteAlias, RemoteDisplayName: a.RemoteName, LocalAlias: a.LocalAlias, LocalDisplayName: a.LocalName,
			Protocol: a.Protocol, CallType: a.CallType, Role: a.Role, KeepConferenceAlive: a.KeepAlive, DTMFSequence: a.DTMF,
		})
	}
	return s, nil
}

// validPINs holds PINs to the rules of the administrator's interface.
func (w wireService) validPINs() bool {
	hashed := strings.HasSuffix(w.PIN, "#") && strings.HasSuffix(w.GuestPIN, "#")
	switch {
	case !policyPIN.MatchString(w.PIN), !policyPIN.MatchString(w.GuestPIN):
		return false
	case w.AllowGuests && w.PIN == "", !w.AllowGuests && w.GuestPIN != "":
		return false
	case w.GuestPIN == "":
		return true
	}
	return w.GuestPIN != w.PIN && (hashed || len(w.PIN) == len(w.GuestPIN))
}

// checkStrings finds a string that is too long, however deep it lies.
func checkStrings(result json.RawMessage) error {
	d := json.NewDecoder(strings.NewReader(string(result)))
	for {
		token, err := d.Token()
		if err != nil {
			return nil // the end: the text is known to be JSON
		}
		if text, ok := token.(string); ok && len([]rune(text)) > maxPolicyText {
			return fmt.Errorf("a string of %d characters", len([]rune(text)))
		}
	}
}

func oneOf(value string, allowed ...string) bool { return slices.Contains(allowed, value) }

func isMagic(alias string) bool {
	_, magic := magicNames[strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(alias), "agt"), "cus")]
	return magic
}
