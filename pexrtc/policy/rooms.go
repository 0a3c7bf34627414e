package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Rooms say what every room of ours is like, and by which aliases it is reached. The external and
// the local policy are both made from it.
type Rooms struct {
	AgentPrefix    string
	CustomerPrefix string

	HostPIN  string // 4 to 20 digits with an optional final #
	GuestPIN string // the same; empty where guests need none

	// ContactCenter is the SIP URI that the room calls when the customer opens it; empty calls
	// nobody.
	ContactCenter string
	// Domain makes the session ID a calling address: ID@Domain. Empty leaves the domain to the
	// node's system location.
	Domain string

	// Outbound is a pattern (RE2, without backslashes) of the whole aliases of video devices that agents
	// dial from Genesys Cloud: a call of the trunk to one opens a room that calls Device, a SIP URI in
	// which {alias} stands for the alias. Both are empty where agents dial none.
	Outbound string
	Device   string
	devices  *regexp.Regexp // Outbound, as New reads it

	ServiceTag string // marks our rooms in policy, events and call records
	Theme      string // must exist on the platform; empty is its default theme
	Layout     string // one of Layouts
	Crypto     string // besteffort, on or off; empty is the platform's setting
	Limit      int    // participants of a room; 0 is no limit of ours
}

// Layouts are the views of a conference that nodes of all current versions know. A value that a
// node does not know would make it discard the whole answer.
var Layouts = []string{
	"one_main_zero_pips", "one_main_seven_pips", "one_main_twentyone_pips", "two_mains_twentyone_pips",
	"one_main_thirtythree_pips", "four_mains_zero_pips", "nine_mains_zero_pips", "sixteen_mains_zero_pips",
	"twentyfive_mains_zero_pips", "five_mains_seven_pips",
}

// maxText is the longest string that a node takes in an answer.
const maxText = 250

var pinForm = regexp.MustCompile(`^[0-9]{4,20}#?$`)

// Check says what a node would not take; it refuses an answer altogether for one wrong value.
func (r Rooms) Check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("policy: "+format, args...)) }
	for _, text := range []struct{ name, value string }{
		{"agent prefix", r.AgentPrefix}, {"customer prefix", r.CustomerPrefix}, {"service tag", r.ServiceTag},
		{"theme", r.Theme}, {"contact centre", r.ContactCenter}, {"domain", r.Domain},
	} {
		// A brace could begin an expression in the local policy.
		if utf8.RuneCountInString(text.value) > maxText-maxID || strings.ContainsAny(text.value, "{}\"\\\r\n\t") {
			fault("%s: at most %d characters, without braces, quotes, backslashes and line breaks", text.name, maxText-maxID)
		}
	}
	if r.AgentPrefix == "" || r.CustomerPrefix == "" || r.ServiceTag == "" {
		fault("both prefixes and the service tag are needed")
	}
	if err := r.checkOutbound(); err != nil {
		faults = append(faults, err)
	}
	if !slices.Contains(Layouts, r.Layout) {
		fault("no layout %.40q; there are %s", r.Layout, strings.Join(Layouts, ", "))
	}
	if !slices.Contains([]string{"", "besteffort", "on", "off"}, r.Crypto) {
		fault("crypto mode %.40q is none of besteffort, on, off", r.Crypto)
	}
	if r.Limit < 0 || r.Limit > 5000 {
		fault("a room for %d participants", r.Limit)
	}
	return errors.Join(append(faults, r.checkPINs())...)
}

func (r Rooms) checkOutbound() error {
	_, err := regexp.Compile("^(" + r.Outbound + ")$")
	uri := strings.ReplaceAll(r.Device, "{alias}", "")
	switch {
	case r.Outbound == "" && r.Device == "":
		return nil
	case r.Outbound == "" || r.Device == "":
		return errors.New("policy: the pattern of devices and what is called for them belong together")
	case err != nil || len(r.Outbound) > 200 || strings.ContainsAny(r.Outbound, "\\\"'\r\n\t%"):
		return errors.New("policy: the pattern of devices is not a regular expression of up to 200 characters without backslashes, quotes and percent signs, such as 30[0-9]{3}")
	case uri == r.Device || !strings.HasPrefix(uri, "sip") || len(uri) > maxText-maxID || strings.ContainsAny(uri, "{}\"\\\r\n\t "):
		return errors.New("policy: what is called for a device is not a SIP URI with {alias} in it, such as sip:{alias}@devices.example")
	}
	return nil
}

// checkPINs holds the PINs to the platform's rules: guests without a host PIN, equal PINs, or PINs
// of two lengths without a final # are refused by the node.
func (r Rooms) checkPINs() error {
	switch {
	case !pinForm.MatchString(r.HostPIN):
		return errors.New("policy: the host PIN is 4 to 20 digits, with or without a final #")
	case r.GuestPIN == "":
		return nil
	case !pinForm.MatchString(r.GuestPIN):
		return errors.New("policy: the guest PIN is 4 to 20 digits, with or without a final #")
	case strings.TrimSuffix(r.GuestPIN, "#") == strings.TrimSuffix(r.HostPIN, "#"):
		return errors.New("policy: the guest PIN must differ from the host PIN")
	case len(r.GuestPIN) != len(r.HostPIN) && !(strings.HasSuffix(r.GuestPIN, "#") && strings.HasSuffix(r.HostPIN, "#")):
		return errors.New("policy: host and guest PIN of different lengths must both end with #")
	}
	return nil
}

// conference is the room of a session as a service configuration describes it.
type conference struct {
	ServiceType   string `json:"service_type"`
	Name          string `json:"name"`
	ServiceTag    string `json:"service_tag"`
	Description   string `json:"description"`
	PIN           string `json:"pin"`
	AllowGuests   bool   `json:"allow_guests"`
	GuestPIN      string `json:"guest_pin,omitempty"`
	GuestsPresent bool   `json:"guests_can_present"`
	Limit         int    `json:"participant_limit,omitempty"`
	CallType      string `json:"call_type"`
	View          string `json:"view"`
	Overlay       bool   `json:"enable_overlay_text"`
	Theme         string `json:"ivr_theme_name,omitempty"`
	Crypto        string `json:"crypto_mode,omitempty"`
	LocalName     string `json:"local_display_name"`
	Automatic     []leg  `json:"automatic_participants,omitempty"`
}

// leg is an automatic participant: whom the room calls when it opens.
type leg struct {
	RemoteAlias       string `json:"remote_alias"`
	RemoteDisplayName string `json:"remote_display_name"`
	LocalAlias        string `json:"local_alias"`
	LocalDisplayName  string `json:"local_display_name"` // Genesys Cloud shows it as the ANI name
	Protocol          string `json:"protocol"`
	CallType          string `json:"call_type"`
	Role              string `json:"role"`
	Routing           string `json:"routing"`
	KeepAlive         string `json:"keep_conference_alive"`
}

// room is the conference of a session, or of a device that an agent dials. It is the same for
// everybody but for the call out of it, which belongs to the arrival of the customer, or of the
// agent's voice call: an agent who reloads never dials again.
func (r Rooms) room(id string, arrives side) conference {
	c := conference{
		ServiceType: "conference", Name: id, ServiceTag: r.ServiceTag, Description: "Customer video session",
		PIN: r.HostPIN, AllowGuests: true, GuestPIN: r.GuestPIN, GuestsPresent: true, Limit: r.Limit,
		CallType: "video", View: r.Layout, Overlay: true, Theme: r.Theme, Crypto: r.Crypto, LocalName: id,
	}
	switch {
	case arrives == customer && r.ContactCenter != "":
		c.Automatic = []leg{r.centre(id)}
	case arrives == device:
		c.Automatic = []leg{r.device(id)}
	}
	return c
}

// device is the call to a video device. As a host it starts the conference when it is answered, whether
// the agent's widget is there or not: until then his voice call waits, as if it rang.
func (r Rooms) device(alias string) leg {
	l := r.centre(alias)
	l.RemoteAlias, l.RemoteDisplayName = strings.ReplaceAll(r.Device, "{alias}", alias), alias
	l.LocalDisplayName, l.CallType = "Contact centre", "video"
	return l
}

// centre is the voice call to the contact centre. As a host it starts the conference when it is
// answered, so that the customer hears the queue; it never keeps the room alive by itself.
func (r Rooms) centre(id string) leg {
	from := id
	if r.Domain != "" {
		from += "@" + r.Domain
	}
	return leg{
		RemoteAlias: r.ContactCenter, RemoteDisplayName: "Contact centre",
		LocalAlias: from, LocalDisplayName: id,
		Protocol: "sip", CallType: "audio", Role: roleHost, Routing: "routing_rule",
		KeepAlive: "keep_conference_alive_never",
	}
}
