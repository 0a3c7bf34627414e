package genesys

import (
	"fmt"
	"regexp"
	"strings"
)

// AliasSource says where in a conversation the session ID stands.
type AliasSource struct {
	field     string // ani-name, ani, sip-user or attribute
	attribute string
}

var (
	// sessionIDForm keeps what a conference alias may be made of: no spaces, no slashes, nothing
	// that only consists of dots.
	sessionIDForm = regexp.MustCompile(`^\+?[0-9A-Za-z][0-9A-Za-z._-]{0,63}$`)
	attributeForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z ._-]{0,127}$`)
	// nobody is what telephone networks say instead of a name.
	nobody = regexp.MustCompile(`(?i)^(anonymous|unavailable|unknown|restricted|private|withheld)$`)
)

// ParseAliasSource reads a setting: ani-name (default when empty), ani, sip-user or attribute:NAME.
func ParseAliasSource(setting string) (AliasSource, error) {
	switch setting {
	case "":
		return AliasSource{field: "ani-name"}, nil
	case "ani-name", "ani", "sip-user":
		return AliasSource{field: setting}, nil
	}
	name, ok := strings.CutPrefix(setting, "attribute:")
	if !ok || !attributeForm.MatchString(name) {
		return AliasSource{}, fmt.Errorf("genesys: alias source %q: want ani-name, ani, sip-user or attribute:NAME", setting)
	}
	return AliasSource{field: "attribute", attribute: name}, nil
}

// String gives the setting back.
func (s AliasSource) String() string {
	if s.field == "attribute" {
		return "attribute:" + s.attribute
	}
	return s.field
}

// SessionID reads the session ID: from the customer's leg, or, of a call that the agent has dialled, the
// user part of what he dialled. It is at most 64 letters, digits, dots, dashes and underscores, with a plus
// sign in front of a telephone number. It is never made up and never repaired: without a usable value the
// error is ErrNoAlias, and its text does not repeat the value, which may be a person's name. Only a
// Conversation from REST has an ANI name and the leg's own address.
func (s AliasSource) SessionID(c *Conversation) (string, error) {
	customer, ok := c.caller()
	if dialled, outbound := c.Dialled(); outbound {
		return usable(c, "the dialled address", addressUser(dialled))
	}
	if !ok {
		return "", fmt.Errorf("genesys: conversation %s: no customer in it: %w", c.ID, ErrNoAlias)
	}
	return usable(c, s.String()+" of the customer", s.read(customer))
}

// usable gives the value back if it can be a session ID.
func usable(c *Conversation, what, value string) (string, error) {
	switch {
	case value == "":
		return "", fmt.Errorf("genesys: conversation %s: %s is empty: %w", c.ID, what, ErrNoAlias)
	case nobody.MatchString(value), !sessionIDForm.MatchString(value):
		return "", fmt.Errorf("genesys: conversation %s: %s is not a session ID: %w", c.ID, what, ErrNoAlias)
	}
	return value, nil
}

func (s AliasSource) read(customer Participant) string {
	switch s.field {
	case "ani":
		return addressUser(customer.ANI)
	case "sip-user":
		for _, address := range []string{customer.SelfAddress, customer.Address, customer.ANI} {
			if strings.HasPrefix(strings.ToLower(address), "sip") {
				return addressUser(address)
			}
		}
		return ""
	case "attribute":
		return strings.TrimSpace(customer.Attributes[s.attribute])
	}
	return strings.TrimSpace(customer.ANIName)
}

// addressUser is the user part of a sip:, sips: or tel: address: sip:4711@video.example;transport=tls
// gives 4711.
func addressUser(address string) string {
	scheme, rest, ok := strings.Cut(address, ":")
	switch strings.ToLower(scheme) {
	case "sip", "sips", "tel":
	default:
		if ok {
			return ""
		}
		rest = address
	}
	user, _, _ := strings.Cut(rest, "@")
	user, _, _ = strings.Cut(user, ";")
	return strings.TrimSpace(user)
}
