package policy

import (
	"regexp"
	"strings"
)

// maxID is the longest session ID. It must leave room for prefixes and domains in maxText.
const maxID = 40

var (
	idForm = regexp.MustCompile(`^[0-9a-z]{4,40}$`)
	// deviceForm is what the alias of a video device is made of, and openID the ID of a session, which
	// is never a device's: whoever knows it must not get in by it alone.
	deviceForm = regexp.MustCompile(`^` + deviceText + `$`)
	openID     = regexp.MustCompile(`^[0-9a-z]{16}$`)
	schemeForm = regexp.MustCompile(`^(sips?|h323):`)
)

const deviceText = `[+]?[0-9a-z][0-9a-z._-]{0,39}`

// side says whose alias it is.
type side int

const (
	foreign side = iota
	agent
	customer
	device // that agents dial: an outbound call
)

// BareAlias is a dialled alias without what protocols put around it: a SIP URI has a scheme, a
// domain and parameters, and case never counts.
func BareAlias(alias string) string {
	alias = schemeForm.ReplaceAllString(strings.ToLower(strings.TrimSpace(alias)), "")
	if end := strings.IndexAny(alias, "@;?"); end >= 0 {
		alias = alias[:end]
	}
	return alias
}

// whose tells our aliases by their prefixes. An ID that cannot be one of ours is empty.
func (r Rooms) whose(alias string) (whose side, id string) {
	alias = BareAlias(alias)
	for _, one := range []struct {
		side
		prefix string
	}{{agent, r.AgentPrefix}, {customer, r.CustomerPrefix}} {
		if id, has := strings.CutPrefix(alias, strings.ToLower(one.prefix)); has {
			if !idForm.MatchString(id) && !(one.side == agent && r.isDevice(id)) {
				id = ""
			}
			return one.side, id
		}
	}
	if r.isDevice(alias) {
		return device, alias
	}
	return foreign, ""
}

// isDevice tells the aliases of devices that agents may dial.
func (r Rooms) isDevice(alias string) bool {
	return r.devices != nil && deviceForm.MatchString(alias) && !openID.MatchString(alias) && r.devices.MatchString(alias)
}
