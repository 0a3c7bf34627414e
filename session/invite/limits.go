package invite

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of what an invitation may hold. A node takes 250 bytes for a name and shows far less;
// attributes travel in SIP headers and Genesys Cloud attributes.
const (
	MaxName       = 80   // characters
	MaxAttributes = 20   // entries
	MaxKey        = 64   // characters of an attribute's name
	MaxValue      = 512  // bytes of an attribute's value
	MaxURL        = 2048 // bytes
	maxLocale     = 35   // bytes; RFC 5646, section 4.4.1
)

// Invalid is an invitation that cannot be made as it was asked for.
type Invalid struct {
	Field  string // name, locale, attributes, return or expiry
	Reason string // a sentence without its beginning: "is longer than 80 characters"
}

func (e *Invalid) Error() string { return "invite: " + e.Field + " " + e.Reason }

func (inv *Invitation) check(now time.Time) error {
	if _, ok := DisplayName(inv.DisplayName); !ok && inv.DisplayName != "" {
		return &Invalid{"name", fmt.Sprintf("is not a line of 1 to %d characters", MaxName)}
	}
	if inv.Locale != "" && !ValidLocale(inv.Locale) {
		return &Invalid{"locale", "is not a language tag such as en or pt-BR"}
	}
	if !inv.Until.IsZero() && inv.Life != 0 {
		return &Invalid{"expiry", "is given twice; give a moment or a time"}
	}
	if life := inv.ends(now).Sub(now); life < MinLife || life > MaxLife {
		return &Invalid{"expiry", fmt.Sprintf("is not between %v and %d days from now", MinLife, MaxLife/(24*time.Hour))}
	}
	if inv.ReturnURL != "" && !validURL(inv.ReturnURL) {
		return &Invalid{"return", "is not an address such as https://shop.example/thanks"}
	}
	return checkAttributes(inv.Attributes)
}

// validURL keeps out what a browser would run or read instead of opening: javascript:, data:, file:.
func validURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= MaxURL && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

var attributeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*$`)

func checkAttributes(all map[string]string) error {
	if len(all) > MaxAttributes {
		return &Invalid{"attributes", fmt.Sprintf("has more than %d entries", MaxAttributes)}
	}
	for key, value := range all {
		switch {
		case len(key) > MaxKey || !attributeForm.MatchString(key):
			return &Invalid{"attributes", fmt.Sprintf("has a name that is not a letter and up to %d letters, digits, dots, dashes and underscores", MaxKey-1)}
		case len(value) > MaxValue:
			return &Invalid{"attributes", fmt.Sprintf("has a value longer than %d bytes", MaxValue)}
		case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
			return &Invalid{"attributes", "has a value with control characters"}
		}
	}
	return nil
}

// DisplayName is a name as a room may show it: one line, trimmed, without control characters. It
// reports whether something usable is left.
func DisplayName(s string) (string, bool) {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
	return s, s != "" && utf8.RuneCountInString(s) <= MaxName
}

var localeForm = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// ValidLocale reports whether tag has the form of a language tag (BCP 47).
func ValidLocale(tag string) bool { return len(tag) <= maxLocale && localeForm.MatchString(tag) }
