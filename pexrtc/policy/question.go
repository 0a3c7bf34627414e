package policy

import (
	"net/url"
	"strings"
)

// question is what a node asks, as far as it matters to us. Newer nodes ask with more.
type question struct {
	direction   string // dial_in, dial_out or non_dial
	protocol    string
	trigger     string
	node        string
	alias       string // that was dialled, as it came
	serviceName string
	serviceTag  string
	role        string // chair, guest, or empty while nobody knows
}

const (
	dialOut   = "dial_out"
	nonDial   = "non_dial"
	bySIP     = "sip"
	roleHost  = "chair"
	roleGuest = "guest"
)

// parse reads a query string. What is malformed in it counts as not said.
func parse(query string) question {
	// A SIP URI has semicolons. Nodes escape them, but where one does not, url would drop the pair.
	values, _ := url.ParseQuery(strings.ReplaceAll(query, ";", "%3B"))
	q := question{
		direction: values.Get("call_direction"), protocol: values.Get("protocol"), trigger: values.Get("trigger"),
		node: values.Get("node_ip"), alias: values.Get("local_alias"),
		serviceName: values.Get("service_name"), serviceTag: values.Get("service_tag"),
	}
	if role := strings.ToLower(values.Get("preauthenticated_role")); role == roleHost || role == roleGuest {
		q.role = role
	}
	return q
}
