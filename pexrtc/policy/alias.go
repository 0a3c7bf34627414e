package policy

import (
	"regexp"
	"strings"
)

// maxID is the longest session ID. It must leave room for prefixes and domains in maxText.
const maxID = 40

var (
	idForm     = regexp.MustCompile(`^[0-9a-z]{4,40}$`)
	schemeForm = regexp.MustCompile(`^(sips?|h323):`)
)

// side says whose alias it is.
type side int

const (
	foreign side = iota
	agent
	customer
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
			if !idForm.MatchString(id) {
				id = ""
			}
			return one.side, id
		}
	}
	return foreign, ""
}
